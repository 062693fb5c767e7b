"""Places that store objects: plug-ins, fsspec, and what `provider check` says."""

from __future__ import annotations

TEXTS = {
    "fsspec.url": (
        "the URL after fsspec+ is malformed",
        "fsspec+ 後面的 URL 格式不正確",
    ),
    "fsspec.secret": (
        "a provider's URL must not hold a password: URLs are logged",
        "儲存處的 URL 不可含有密碼：URL 會寫入日誌",
    ),
    "fsspec.secret_hint": (
        "put credentials where the filesystem looks for them: fsspec's configuration, or its "
        "environment variables and files",
        "請把存取認證資訊放在該檔案系統會去找的地方：fsspec 的設定、環境變數或設定檔",
    ),
    "fsspec.missing": (
        "fsspec cannot open {scheme}: ({why})",
        "fsspec 無法開啟 {scheme}:（{why}）",
    ),
    "fsspec.missing_hint": (
        "install the filesystem, such as s3fs, gcsfs, adlfs or sshfs, beside fenchi",
        "請在 fenchi 所在環境安裝對應的套件，例如 s3fs、gcsfs、adlfs 或 sshfs",
    ),
    "fsspec.no_root": (
        "{location} is not there: is it mounted?",
        "找不到 {location}：是否尚未掛載？",
    ),
    "fsspec.no_bucket": (
        "the bucket of {location} is not there, or these credentials may not see it",
        "{location} 的 bucket 不存在，或目前的存取認證資訊無權檢視",
    ),
    "fsspec.no_bucket_hint": (
        "check its name, and the endpoint and credentials that fsspec uses; nothing in it counts "
        "as lost",
        "請檢查 bucket 名稱，以及 fsspec 使用的端點與存取認證資訊；其中的物件不會被視為遺失",
    ),
    "fsspec.taken": (
        "{name} is at {location} already; nothing was changed",
        "{location} 已經有 {name}；未做任何變更",
    ),
    "fsspec.folder": (
        "{name}: a part of the name is an object already, and this place is made of folders",
        "{name}：名稱中的一段已經是物件，而這個儲存處是用目錄分層存放的",
    ),
    "fsspec.absent": ("{name} is not at {location}", "{location} 沒有 {name}"),
    "plug_in.several": (
        "several plug-ins open {scheme}: URLs: {named}",
        "有多個外掛都能開啟 {scheme}: 開頭的 URL：{named}",
    ),
    "plug_in.broken": (
        "the plug-in for {scheme}: URLs does not load: {why}",
        "負責 {scheme}: 開頭之 URL 的外掛無法載入：{why}",
    ),
    "plug_in.verbs": (
        "the plug-in for {scheme}: URLs gave an object without {verbs}",
        "負責 {scheme}: 開頭之 URL 的外掛給的物件缺少 {verbs}",
    ),
    "contract.passed": (
        "{location} keeps the contract: {count} checks.",
        "{location} 符合約定：通過 {count} 項檢查。",
    ),
    "contract.failed": (
        "{location} breaks the contract: {count} of {total} checks failed.",
        "{location} 不符合約定：{total} 項檢查中有 {count} 項未通過。",
    ),
    "contract.item": ("  {mark} {check}{message}", "  {mark} {check}{message}"),
    "contract.one_place": (
        "{first} and {second} are ONE place: what it loses, both lose.",
        "{first} 與 {second} 其實是同一個地方：一邊遺失，兩邊都遺失。",
    ),
    "contract.two_places": (
        "{first} and {second} are two places.",
        "{first} 與 {second} 是兩個不同的地方。",
    ),
}
