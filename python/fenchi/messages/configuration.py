"""vault.toml: what is wrong with one, and the remarks in one that `init` writes."""

from __future__ import annotations

TEXTS = {
    "config.absent": ("there is no {path}", "找不到 {path}"),
    "config.absent_hint": (
        "name it with -c or FENCHI_VAULT, or make a vault with `fenchi init`",
        "請用 -c 或環境變數 FENCHI_VAULT 指定設定檔，或用 `fenchi init` 建立保存庫",
    ),
    "config.unreadable": ("cannot read {path}: {why}", "無法讀取 {path}：{why}"),
    "config.unwritable": ("cannot write {path}: {why}", "無法寫入 {path}：{why}"),
    "config.exists": ("{path} exists already", "{path} 已經存在"),
    "config.not_toml": ("not a TOML file: {why}", "不是 TOML 檔案：{why}"),
    "config.not_a_table": ("{where} must be a table", "{where} 必須是一個表格（table）"),
    "config.wrong_kind": (
        "{where}: {key} must be of type {kind}",
        "{where}：{key} 的型別必須是 {kind}",
    ),
    "config.missing": ("{where}: {key} is missing", "{where}：缺少 {key}"),
    "config.unknown_key": ("{where}: unknown key {key}", "{where}：不認得 {key} 這個項目"),
    "config.unknown_key_hint": ("did you mean {near}?", "是不是要寫 {near}？"),
    "config.not_one_of": (
        "{where}: {key} is {value!r}, but must be one of: {known}",
        "{where}：{key} 寫的是 {value!r}，只能是下列之一：{known}",
    ),
    "config.id": (
        "vault: id must be 64 hexadecimal digits, as written by `fenchi init`",
        "vault：id 必須是 64 個十六進位數字，由 `fenchi init` 寫入",
    ),
    "config.id_place": (
        "cannot write the id into {path}; write it there yourself: {id}",
        "無法把識別碼寫入 {path}；請自行寫入：{id}",
    ),
    "config.provider_name": (
        "provider name {name!r}: 1 to 60 of a-z 0-9 . _ - are allowed",
        "儲存處名稱 {name!r}：只能用 1 到 60 個 a-z 0-9 . _ - 字元",
    ),
    "config.url": (
        "provider {name}: url must be a text or a list of texts",
        "儲存處 {name}：url 必須是一段文字，或由文字組成的清單",
    ),
    "config.url_twice": (
        "provider {name}: the same URL is listed twice",
        "儲存處 {name}：同一個 URL 列了兩次",
    ),
    "config.rate": ("{where}: {why}", "{where}：{why}"),
    "config.size": (
        "{where}: {key} is {value!r}, but must be a number with B, kB, MB, GB, TB, KiB, MiB, GiB "
        'or TiB, such as "10 GB"',
        "{where}：{key} 寫的是 {value!r}，必須是數字加上單位 B、kB、MB、GB、TB、KiB、MiB、GiB "
        '或 TiB，例如 "10 GB"',
    ),
    "config.too_small": (
        "{where}: {key} must be a number from {least} up, and not above a billion",
        "{where}：{key} 必須是 {least} 以上、十億以下的數字",
    ),
    "config.lock_days": (
        "vault: lock_days must not be above {most}: what is locked cannot be deleted by anybody",
        "vault：lock_days 不得超過 {most}：鎖定的物件任何人都無法刪除",
    ),
    "config.twice": ("two providers are called {name}", "有兩個儲存處都叫 {name}"),
    "config.no_providers": (
        "there is no [[provider]]",
        "設定檔裡沒有任何 [[provider]]（儲存處）",
    ),
    "config.scheme": ("provider {name}: {why}", "儲存處 {name}：{why}"),
    "config.scheme_hint": (
        "give a directory or a URL of a kind that is built in; in Python any object with the five "
        "verbs is a provider",
        "請給目錄，或本程式支援的 URL；在 Python 中，具備五個動作的物件都可以當儲存處",
    ),
    "toml.top": (
        "A fenchi vault. No secret is in this file, but keep copies: the id below pins the vault.",
        "fenchi 保存庫。本檔案不含機密，但請另存副本：下面的識別碼用來認定保存庫。",
    ),
    "toml.id": (
        "written by init: the pinned vault id",
        "由 init 寫入：認定用的保存庫識別碼",
    ),
    "toml.id_set": ("pinned: no other vault is accepted", "已認定：不接受其他保存庫"),
    "toml.needed": (
        "k: shards needed; n is the number of providers",
        "k：取回資料所需的分持檔數；n 是儲存處的數目",
    ),
    "toml.language": ("of the command's texts", "指令訊息使用的語言"),
    "toml.name": (
        "used everywhere: reports, --absent, errors",
        "報告、--absent 與錯誤訊息都用這個名稱",
    ),
    "toml.unproved": (
        "from the recovery card, not shown to hold the vault: compare it with the second card, and "
        "then take the # away",
        "取自復原卡，未能證明持有本保存庫：請先與另一份復原卡核對，再刪去下列的 #",
    ),
    "toml.domain": (
        "vendor, vendor_home, country, region, account, medium: who holds it",
        "vendor（供應商）、vendor_home（供應商母國）、country（所在國家）、region（區域）、"
        "account（帳號）、medium（媒體）：由誰持有",
    ),
    "toml.policy": (
        "the defaults are the safe ones; relaxations stand here by name",
        "預設值就是安全的值；放寬的項目在此逐項載明",
    ),
    "toml.expires": (
        "new backups are refused from then on, never a restore",
        "到期後拒絕新的備份，但絕不影響還原",
    ),
}
