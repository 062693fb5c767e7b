"""Backups and the snapshots that they leave."""

from __future__ import annotations

TEXTS = {
    "backup.no_path": (
        "name at least one path to back up",
        "請至少指定一個要備份的路徑",
    ),
    "stream.non_blocking": (
        "a non-blocking file cannot be used here",
        "這裡不能使用非阻塞（non-blocking）的檔案",
    ),
    "stream.no_thread": (
        "this host gives the program no further thread",
        "本機無法再提供執行緒給本程式",
    ),
    "stream.no_thread_hint": (
        "raise the limit of processes and threads (ulimit -u, pids of the container)",
        "請提高行程與執行緒數量的上限（ulimit -u，或容器的 pids 限制）",
    ),
    "backup.done": (
        "Snapshot {snapshot}{label}: {files} files, {directories} directories, {bytes}.",
        "備份快照 {snapshot}{label}：{files} 個檔案、{directories} 個目錄，共 {bytes}。",
    ),
    "backup.cost": (
        "Read {read}, new {new}, uploaded {uploaded} to all providers together, in {seconds}; "
        "{unchanged} files unchanged.",
        "讀取 {read}，其中新資料 {new}，上傳至所有儲存處合計 {uploaded}，費時 {seconds}；"
        "{unchanged} 個檔案沒有變動。",
    ),
    "backup.resumed": (
        "{packs} packs were there from an earlier run.",
        "有 {packs} 個資料包在先前的備份中已經存好。",
    ),
    "backup.label": (" ({label})", "（{label}）"),
    "backup.missed": (
        "Not at {providers}: these did not answer, refused or are full. Run `fenchi repair` when "
        "that is mended.",
        "未存入 {providers}：該處沒有回應、拒絕存入，或空間已滿。"
        "排除後請執行 `fenchi repair` 補齊。",
    ),
    "backup.incomplete": (
        "{unreadable} sources could not be read, {changed} changed while read:",
        "有 {unreadable} 個來源無法讀取，{changed} 個在讀取途中變動：",
    ),
    "backup.lock_negative": (
        "a lock cannot last less than no time",
        "鎖定的期間不得為負",
    ),
    "backup.locked": (
        "Locked until {until}: the {packs} packs of this snapshot cannot be deleted at {places}.",
        "已鎖定至 {until}：在此之前，無法刪除 {places} 上這個備份快照的 {packs} 個資料包。",
    ),
    "backup.not_locked": (
        "ALARM: saved, but not locked until {until} as asked: {open} of {packs} packs, or what "
        "opens the vault, have fewer locked copies than a restore needs. Whoever can delete can "
        "destroy this snapshot.",
        "警報：已備份，但沒有依要求鎖定至 {until}：{packs} 個資料包中有 {open} 個，"
        "或開啟保存庫所需的物件，鎖定的份數不足以還原。有權刪除的人可以毀掉這個備份快照。",
    ),
    "backup.cannot_lock": (
        "  {provider} locks nothing: give it a lock= in its URL, see docs/providers.",
        "　{provider} 不鎖定物件：請在其 URL 加上 lock=，詳見 docs/providers。",
    ),
    "backup.lock_failed": (
        "  {provider} refused {failed} locks: {message}",
        "　{provider} 拒絕了 {failed} 個鎖定：{message}",
    ),
    "profile.stage": ("stage, provider", "階段、儲存處"),
    "profile.seconds": ("seconds", "秒數"),
    "profile.bytes": ("bytes", "資料量"),
    "profile.note": (
        "Seconds are summed over all threads; those of a provider are its share of 'upload'.",
        "秒數是所有執行緒的合計；各儲存處的秒數是「upload」當中屬於該處的部分。",
    ),
    "snapshots.none": ("No snapshots yet.", "目前還沒有備份快照。"),
    "snapshots.incomplete": (
        "{count} backups did not finish and are no snapshots.",
        "有 {count} 次備份沒有做完，不算備份快照。",
    ),
    "snapshots.other_domains": (
        "{count} more are in key domains that this credential cannot open.",
        "另有 {count} 個屬於其他金鑰領域，目前的存取認證資訊無法開啟。",
    ),
    "snapshots.unreadable": (
        "{count} more do not open with their key: planted, or damaged. "
        "`fenchi verify --depth data` names them.",
        "另有 {count} 個用應有的金鑰打不開：可能是偽造的，也可能已損壞。"
        "執行 `fenchi verify --depth data` 可查出是哪些。",
    ),
}
