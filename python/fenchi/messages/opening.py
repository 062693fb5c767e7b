"""Passphrases, and what is said where a vault is opened."""

from __future__ import annotations

TEXTS = {
    "passphrase.not_utf8": ("the passphrase is not UTF-8 text", "密碼不是 UTF-8 文字"),
    "passphrase.empty": ("the passphrase is empty", "密碼是空白的"),
    "passphrase.no_file": (
        "cannot read the passphrase file {path}: {why}",
        "無法讀取密碼檔 {path}：{why}",
    ),
    "passphrase.command_empty": (
        "FENCHI_PASSWORD_COMMAND is blank",
        "環境變數 FENCHI_PASSWORD_COMMAND 是空白的",
    ),
    "passphrase.command_failed": (
        "the passphrase command {command} failed: {why}",
        "取得密碼的指令 {command} 失敗：{why}",
    ),
    "passphrase.exit_code": ("exit code {code}", "結束代碼 {code}"),
    "passphrase.none": ("no passphrase was given", "沒有提供密碼"),
    "passphrase.none_hint": (
        "set FENCHI_PASSWORD_FILE or FENCHI_PASSWORD_COMMAND, or pass one",
        "請設定環境變數 FENCHI_PASSWORD_FILE 或 FENCHI_PASSWORD_COMMAND，或由程式傳入密碼",
    ),
    "passphrase.ask": ("Passphrase", "請輸入密碼"),
    "passphrase.ask_again": ("The same again", "請再輸入一次"),
    "passphrase.differ": ("the two passphrases differ", "兩次輸入的密碼不同"),
    "password.not_a_terminal": (
        "no passphrase was given and there is no terminal to ask on",
        "沒有提供密碼，也沒有終端機可以詢問",
    ),
    "password.not_a_terminal_hint": (
        "set FENCHI_PASSWORD_FILE or FENCHI_PASSWORD_COMMAND, or use --password-file",
        "請設定環境變數 FENCHI_PASSWORD_FILE 或 FENCHI_PASSWORD_COMMAND，"
        "或使用 --password-file 選項",
    ),
    "credential.role": (
        'role is {role!r}, but must be "read", "write", "verify" or "admin"',
        '角色寫的是 {role!r}，只能是 "read"、"write"、"verify" 或 "admin"',
    ),
    "create.has_id": (
        "the configuration names vault {id}... already",
        "設定檔已經記載保存庫 {id}...",
    ),
    "create.has_id_hint": (
        "use that vault; for another one take another configuration (-c) and empty providers",
        "請直接使用該保存庫；若要另建一個，請用另一個設定檔（-c）與空的儲存處",
    ),
    "init.done": (
        "Vault {name!r} made: any {needed} of {total} providers give everything back.",
        "已建立保存庫 {name!r}：{total} 個儲存處之中，任何 {needed} 個就能取回全部資料。",
    ),
    "init.id": ("Vault id: {id}", "保存庫識別碼：{id}"),
    "init.config": ("Configuration: {path}", "設定檔：{path}"),
    "init.quorum": (
        "A backup counts once {write} of {total} providers have it; {lost} may fail afterwards.",
        "{total} 個儲存處之中有 {write} 個收到，備份才算成立；"
        "之後其中 {lost} 個失效，資料仍可取回。",
    ),
    "init.strict": (
        "While any provider is down, backups are refused. For a vault that allows {spare} to be "
        "down, make it anew with one more provider, or with --liars 0.",
        "只要有一個儲存處停擺，就不能備份。若希望 {spare} 個停擺時仍能備份，"
        "請增加一個儲存處重新建立，或以 --liars 0 重新建立。",
    ),
    "init.keep": (
        "Keep safe, each in another place than the backups:\n"
        "  1. the passphrase: without it nothing can be restored, by nobody\n"
        "  2. {path}, or at least the vault id: it proves that a restore is of your vault\n"
        "  3. the credentials of at least {needed} providers\n"
        "The format's description and an independent reader lie at every provider.",
        "下列三項請妥善保管，並且都不要和備份放在同一個地方：\n"
        "  1. 密碼：遺失密碼，任何人都無法還原\n"
        "  2. {path}，至少要有保存庫識別碼：用來證明還原的確實是貴單位的保存庫\n"
        "  3. 至少 {needed} 個儲存處的存取認證資訊\n"
        "每個儲存處都放有格式說明與一支獨立的讀取程式。",
    ),
    "init.placement": ("placement: {note}", "存放配置（細節為英文）：{note}"),
    "freshness": (
        "Too few providers answered to prove that nothing newer exists.",
        "回應的儲存處太少，無法證明這就是最新的資料。",
    ),
}
