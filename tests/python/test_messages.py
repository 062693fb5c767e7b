"""The catalogue: whole in each language, and exactly what the code uses."""

from __future__ import annotations

import re
import string
from pathlib import Path

import fenchi
import pytest
from fenchi import messages
from fenchi.messages import CATALOGUE

PACKAGE = Path(fenchi.__file__).parent
NAME = r"[a-z0-9_]+(?:\.[a-z0-9_]+)*"
USE = re.compile(rf"""(?:\btext|\.say|\bsay)\(\s*"({NAME})\"""")
QUOTED = re.compile(rf"[\"']({NAME})[\"']")
FAMILIES = (  # made of a name at run time
    *("phase.", "column.", "ability.", "outcome.", "damage.", "help.", "example."),
    *("line.", "fault.", "check.", "paper."),
    *("metavar.", "verify.lock."),
    *("exit.", "variable.", "manual."),  # used by scripts/manual.py
)
KEYS = sorted(CATALOGUE)

# Words of the mainland that no text may have, and the words of Taiwan.
FOREIGN_WORDS = {
    **{"文件夾": "資料夾", "軟件": "軟體", "硬件": "硬體", "網絡": "網路", "服務器": "伺服器"},
    **{"默認": "預設", "信息": "訊息、資訊", "數據": "資料", "口令": "密碼", "用戶": "使用者"},
    **{"存儲": "儲存", "加載": "載入", "打印": "列印", "屏幕": "螢幕", "鏈接": "連結"},
    **{"端口": "連接埠", "進程": "行程", "線程": "執行緒", "字節": "位元組", "字符": "字元"},
    **{"内存": "記憶體", "內存": "記憶體", "硬盤": "硬碟", "光盤": "光碟", "登錄": "登入"},
    **{"備分": "備份", "異步": "非同步", "接口": "介面", "命令行": "命令列", "兼容": "相容"},
    **{"運行": "執行", "調用": "呼叫", "激活": "啟用", "帳戶": "帳號", "全局": "全域"},
    **{"路經": "路徑", "密鑰": "金鑰", "粘貼": "貼上", "拷貝": "複製", "注銷": "登出"},
    **{"憑證": "存取認證資訊", "源碼": "原始碼", "快捷鍵": "快速鍵", "質量": "品質"},
}


def sources() -> str:
    paths = [path for path in PACKAGE.rglob("*.py") if path.parent.name != "messages"]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def is_common_in_taiwan(character: str) -> bool:
    """Whether Big5 has it among its symbols or its first level, the common characters.

    Simplified characters are not in Big5, or are old variants in its second level.
    """
    try:
        return character.encode("big5")[0] < 0xC9
    except UnicodeEncodeError:
        return False


def placeholders(template: str) -> set[tuple[str, str, str]]:
    parts = string.Formatter().parse(template)
    return {(name, spec or "", how or "") for _, name, spec, how in parts if name is not None}


def test_every_key_in_use_is_in_the_catalogue() -> None:
    used = set(USE.findall(sources()))
    assert len(used) > 60
    assert used <= CATALOGUE.keys()


def test_every_text_is_in_use() -> None:
    quoted = set(QUOTED.findall(sources()))
    unused = [key for key in KEYS if key not in quoted and not key.startswith(FAMILIES)]
    assert unused == []


@pytest.mark.parametrize("key", KEYS)
def test_both_languages_are_there_with_the_same_values(key: str) -> None:
    entry = CATALOGUE[key]
    assert len(entry) == len(messages.LANGUAGES)
    assert all(entry)
    assert placeholders(entry[0]) == placeholders(entry[1])


def literal(template: str) -> str:
    return "".join(part for part, *_ in string.Formatter().parse(template))


@pytest.mark.parametrize("key", KEYS)
def test_the_chinese_is_written_as_in_taiwan(key: str) -> None:
    chinese = CATALOGUE[key][1]
    assert "".join(c for c in chinese if not is_common_in_taiwan(c)) == ""
    assert [word for word in FOREIGN_WORDS if word in chinese] == []
    # Whole sentences were translated: what has words in English has Chinese ones.
    if re.search(r"[A-Za-z]{2}", literal(CATALOGUE[key][0])):
        assert re.search(r"[\u4e00-\u9fff]", chinese), chinese


@pytest.mark.parametrize("key", KEYS)
def test_the_english_is_english(key: str) -> None:
    CATALOGUE[key][0].encode("ascii")


def test_the_check_finds_simplified_characters_and_foreign_words() -> None:
    assert not any(is_common_in_taiwan(c) for c in "备档数据库网络资码还复误钥储输发会")
    assert all(is_common_in_taiwan(c) for c in "備檔數據庫網絡資碼還復誤鑰儲輸發會，「」")
    assert "數據" in FOREIGN_WORDS


def test_no_subject_repeats_a_key_of_another() -> None:
    sizes = [len(subject.TEXTS) for subject in messages._SUBJECTS]
    assert sum(sizes) == len(CATALOGUE)
    files = {path.stem for path in (PACKAGE / "messages").glob("*.py")} - {"__init__"}
    assert files == {subject.__name__.rpartition(".")[2] for subject in messages._SUBJECTS}


def test_every_ability_of_a_place_is_put_into_words() -> None:
    header = Path(__file__).parents[2] / "include/fenchi/testing/provider_contract.h"
    # A row is "//   name   value (remark) | value"; remarks may go on in the next line.
    comment = header.read_text().partition("// What the place can do")[2].partition("struct")[0]
    rows = re.findall(r"^//   ([a-z_]+) {2,}(.*(?:\n// {8,}.*)*)", comment, re.M)
    names = {
        f"ability.{name}.{value}"
        for name, values in rows
        for value in re.findall(r"[a-z_]+", re.sub(r"\([^)]*\)|`[^`]*`", "", values))
    }
    assert len(rows) == 8
    expected = {f"ability.{name}" for name, _ in rows} | names
    expected |= {f"{name}.means" for name in names}
    assert expected == {key for key in CATALOGUE if key.startswith("ability.")}


def test_a_text_comes_in_the_language_in_use() -> None:
    assert messages.text("repair.nothing") == "Nothing to repair."
    messages.use("zh-TW")
    assert messages.in_use() == "zh-TW"
    assert messages.text("repair.nothing") == "沒有需要修復的項目。"
    with pytest.raises(ValueError, match="."):
        messages.use("tlh")
    assert messages.in_use() == "zh-TW"


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_TW.UTF-8"}, "zh-TW"),
        ({"LANG": "zh_TW.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_TW"}, "zh-TW"),
        ({"LC_ALL": "C", "LC_MESSAGES": "zh_TW.UTF-8"}, "en"),
        ({"LC_ALL": "", "LANG": "zh-Hant-TW"}, "zh-TW"),
        ({"LANG": "zh_CN.UTF-8"}, "en"),
        ({"LANG": "zh_HK.big5hkscs@currency=HKD"}, "zh-TW"),
    ],
)
def test_the_locale_chooses_a_language(environment: dict[str, str], language: str) -> None:
    assert messages.of_environment(environment) == language


def test_an_unknown_key_is_a_bug() -> None:
    with pytest.raises(KeyError):
        messages.text("no.such.key")
