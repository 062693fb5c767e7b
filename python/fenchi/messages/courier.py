"""Media that are carried to a provider which no line reaches."""

from __future__ import annotations

TEXTS = {
    "courier.written": (
        "Wrote {objects} objects, {bytes}, for {provider} in {seconds}; {there} are there or on "
        "the medium already.",
        "已為 {provider} 寫入 {objects} 個物件，共 {bytes}，費時 {seconds}；"
        "另有 {there} 個原已在該處或媒體上。",
    ),
    "courier.medium": (
        "{path}: {objects} objects, {bytes}.",
        "{path}：{objects} 個物件，共 {bytes}。",
    ),
    "courier.cargo": (
        "  for provider {provider}: {objects} objects, {bytes}",
        "  給儲存處 {provider}：{objects} 個物件，共 {bytes}",
    ),
    "courier.fingerprint": (
        "Fingerprint: {fingerprint}\n"
        "Read it out to whoever receives the medium: `fenchi provider courier check` shows the "
        "same.",
        "指紋：{fingerprint}\n"
        "請把指紋念給收件人聽：對方執行 `fenchi provider courier check`，看到的應該完全相同。",
    ),
    "courier.whole": ("Whole: nothing is missing or damaged.", "完整：沒有缺漏，也沒有損壞。"),
    "courier.broken": ("NOT WHOLE:", "不完整："),
    "courier.damage": ("  {what}", "  {what}"),
    "courier.stored": (
        "Stored {objects} objects, {bytes}, at {location} in {seconds}; {there} were there "
        "already.",
        "已將 {objects} 個物件（共 {bytes}）存入 {location}，費時 {seconds}；"
        "另有 {there} 個原已在該處。",
    ),
    "courier.left": ("{count} objects were left out:", "有 {count} 個物件未存入："),
    "courier.no_path": (
        "provider {provider} has no courier: URL in {config}",
        "{config} 中的儲存處 {provider} 沒有 courier: 開頭的 URL",
    ),
    "courier.no_path_hint": (
        "name the file or directory on the medium",
        "請指定媒體上的檔案或目錄",
    ),
}
