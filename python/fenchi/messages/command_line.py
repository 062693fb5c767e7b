"""What every command may say: errors, usage, progress, headings of tables."""

from __future__ import annotations

TEXTS = {
    "lang.unknown": (
        "--lang {lang!r}: known are {known}",
        "--lang {lang!r}：可用的語言有 {known}",
    ),
    "error": ("error: {message}", "錯誤：{message}"),
    "hint": ("try: {hint}", "請試：{hint}"),
    "warning": ("warning: {message}", "警告：{message}"),
    "interrupted": (
        "stopped on request; nothing is broken. Run the same command again to go on.",
        "已依要求停止，沒有任何損壞。再執行一次同樣的指令，就會接著做下去。",
    ),
    "usage.no_command_given": ("a command is missing", "沒有指定指令"),
    "usage.no_command": ("there is no command {name!r}", "沒有 {name!r} 這個指令"),
    "usage.no_command_but": (
        "there is no command {name!r}; did you mean {near}?",
        "沒有 {name!r} 這個指令；是不是要用 {near}？",
    ),
    "usage.no_option": ("there is no option {option}", "沒有 {option} 這個選項"),
    "usage.no_option_but": (
        "there is no option {option}; did you mean {near}?",
        "沒有 {option} 這個選項；是不是要用 {near}？",
    ),
    "usage.missing": ("{name} is missing", "缺少 {name}"),
    "usage.bad_value": ("{name}: {why}", "{name} 的值不正確：{why}"),
    "usage.not_one_of": ("{name}: give one of {known}", "{name} 只能是下列之一：{known}"),
    "usage.bad_option": ("{option}: {why}", "{option} 這個選項的用法不正確：{why}"),
    "usage.other": ("{why}", "用法不正確：{why}"),
    "usage.option_pair": (
        "{option} takes {form}, not {value!r}",
        "{option} 的寫法是 {form}，不是 {value!r}",
    ),
    "usage.duration": (
        "{value!r} is no duration: use a number with s, m, h or d, such as 4h",
        "{value!r} 不是時間長度：請用數字加上 s（秒）、m（分）、h（時）或 d（日），例如 4h",
    ),
    "usage.date": (
        "{value!r} is no date: use YYYY-MM-DD",
        "{value!r} 不是日期：請用西元 YYYY-MM-DD",
    ),
    "usage.axis": (
        "{axis!r} cannot be relaxed: known are {known}",
        "{axis!r} 不能放寬：可以放寬的有 {known}",
    ),
    "usage.stdin": (
        "give either paths, or --stdin with --name",
        "請指定路徑，或是同時用 --stdin 與 --name，兩種擇一",
    ),
    "usage.needs_providers": (
        "there is no {path}, so name the providers: --provider NAME=URL ...",
        "沒有 {path}，所以請列出儲存處：--provider 名稱=URL ...",
    ),
    "usage.file_rules": (
        "{path} exists and says how the vault is made: change it there instead of giving {options}",
        "{path} 已經存在，保存庫照它的內容建立：請改檔案內容，不要另外指定 {options}",
    ),
    "problem": ("  {path}: {message}", "  {path}：{message}"),
    "problem.hint": ("  try: {hint}", "  請試：{hint}"),
    "problem.more": (
        "  ... and {count} more (use --json for all)",
        "  ……另有 {count} 項（用 --json 可看到全部）",
    ),
    "unexpected": ("a mistake in fenchi itself: {what}", "fenchi 程式本身的錯誤：{what}"),
    "unexpected_hint": (
        "please report it with the lines above",
        "請連同上面各行文字一併回報給開發者",
    ),
    "utf8": ("{what} is not UTF-8 text", "{what} 不是 UTF-8 文字"),
    "duration.seconds": ("{seconds:.1f} s", "{seconds:.1f} 秒"),
    "duration.minutes": ("{minutes} min {seconds} s", "{minutes} 分 {seconds} 秒"),
    "duration.hours": ("{hours} h {minutes} min", "{hours} 小時 {minutes} 分"),
    "duration.days": ("{days} d {hours} h", "{days} 日 {hours} 小時"),
    # headings
    "column.snapshot": ("snapshot", "備份快照"),
    "column.began": ("began", "開始時間"),
    "column.label": ("label", "標籤"),
    "column.files": ("files", "檔案數"),
    "column.size": ("size", "大小"),
    "column.paths": ("paths", "路徑"),
    "column.provider": ("provider", "儲存處"),
    "column.location": ("location", "位置"),
    "column.ability": ("ability", "能力"),
    "column.found": ("found", "測得結果"),
    "column.means": ("what it means for a vault", "對保存庫的意義"),
    "column.state": ("state", "狀態"),
    "column.calls": ("calls", "呼叫次數"),
    "column.errors": ("errors", "錯誤次數"),
    "column.sent": ("sent", "送出"),
    "column.received": ("received", "收到"),
    "column.waiting": ("waited", "等待"),
    "column.money": ("cost", "費用"),
    "usage.money": (
        "{money:.4f} {currency}, and {month:.4f} a month",
        "{money:.4f} {currency}，另每月 {month:.4f}",
    ),
    # progress
    "phase.scan": ("Scanning", "掃描"),
    "phase.backup": ("Backing up", "備份"),
    "phase.upload": ("Uploading", "上傳"),
    "phase.restore": ("Restoring", "還原"),
    "phase.verify": ("Verifying", "檢核"),
    "phase.repair": ("Repairing", "修復"),
    "phase.courier": ("Courier", "遞送"),
}
