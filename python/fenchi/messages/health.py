"""Verify, repair and status: whether everything is in its place."""

from __future__ import annotations

TEXTS = {
    "verify.depth": (
        'depth is {depth!r}, but must be "exists", "tags" or "data"',
        '深度寫的是 {depth!r}，只能是 "exists"、"tags" 或 "data"',
    ),
    "verify.healthy": (
        "Healthy: {shards} shards of {packs} packs and {objects} other objects, {bytes} read, in "
        "{seconds} (depth {depth}).",
        "狀況良好：{packs} 個資料包的 {shards} 個分持檔，與 {objects} 個其他物件，"
        "讀取 {bytes}，費時 {seconds}（檢核深度 {depth}）。",
    ),
    "verify.chunks": (
        "{chunks} chunks were decrypted and compared; {snapshots} snapshots walked.",
        "已解密並比對 {chunks} 個資料塊，走訪 {snapshots} 個備份快照。",
    ),
    "verify.damaged": (
        "{count} damaged or missing items; all can be repaired: `fenchi repair`.",
        "有 {count} 項損壞或缺少，全部都能修復：請執行 `fenchi repair`。",
    ),
    "verify.lost": (
        "{count} damaged or missing items; {lost} CANNOT be repaired:",
        "有 {count} 項損壞或缺少，其中 {lost} 項無法修復：",
    ),
    "verify.unknown": (
        "Not known, and not counted as damage: what lies at {providers}, which could not be asked.",
        "無法查問 {providers}，該處的狀況不明，未計為損壞。",
    ),
    "verify.locks_hold": (
        "Locks hold: {snapshots} snapshots cannot be deleted before the dates that their backups "
        "asked for, the last one {until}.",
        "鎖定仍然有效：{snapshots} 個備份快照在備份時要求的日期之前無法刪除，最晚到 {until}。",
    ),
    "verify.locks_gone": (
        "ALARM: {count} of {snapshots} snapshots are not locked as their backups asked: whoever "
        "can delete can destroy them. Find out whether somebody took locks off, and back up "
        "again with --lock-days.",
        "警報：{snapshots} 個備份快照中有 {count} 個不符備份時要求的鎖定，"
        "有權刪除的人可以毀掉它們。請查明是否有人解除了鎖定，並以 --lock-days 再備份一次。",
    ),
    "verify.locks_unknown": (
        "Not known: whether {count} of {snapshots} snapshots are still locked as their backups "
        "asked. Too few places could be asked.",
        "{snapshots} 個備份快照中有 {count} 個是否仍依備份時的要求鎖定，無從得知："
        "可查問的儲存處不足。",
    ),
    "verify.lock": (
        "  {snapshot} until {until}: of {packs} packs {open} have fewer locked shards than a "
        "restore needs, {unknown} are not known; its log and what opens the vault: {opening}",
        "　{snapshot}，要求鎖定至 {until}：{packs} 個資料包中，{open} 個鎖定的分持檔不足以還原，"
        "{unknown} 個狀況不明；日誌與開啟保存庫所需的物件：{opening}",
    ),
    "verify.lock.locked": ("locked", "已鎖定"),
    "verify.lock.unlocked": ("not locked", "未鎖定"),
    "verify.lock.unknown": ("not known", "狀況不明"),
    "verify.lock_packs": (
        "    its packs are not known: {message}",
        "　　無法得知它的資料包：{message}",
    ),
    "verify.lock_place": (
        "  {provider} does not keep {failed} objects as long as was asked: {message}",
        "　{provider} 有 {failed} 個物件未鎖定到要求的日期：{message}",
    ),
    "verify.locks_nothing": (
        "  {provider} locks nothing, or is away.",
        "　{provider} 不鎖定物件，或沒有回應。",
    ),
    "verify.item": ("  {where}: {what}", "  {where}：{what}"),
    "verify.per_provider": ("  {provider}: {count} items", "  {provider}：{count} 項"),
    "repair.nothing": ("Nothing to repair.", "沒有需要修復的項目。"),
    "repair.done": (
        "Wrote {shards} shards and {objects} other objects, {bytes}, in {seconds}.",
        "已補寫 {shards} 個分持檔與 {objects} 個其他物件，共 {bytes}，費時 {seconds}。",
    ),
    "repair.unknown": (
        "Not known: the shards at {providers}, which could not be asked while the vault was "
        "verified. Run `fenchi repair` again once they answer.",
        "檢核時無法查問 {providers}，該處的分持檔狀況不明；"
        "有回應之後，請再執行一次 `fenchi repair`。",
    ),
    "repair.left": ("{count} items could not be repaired:", "有 {count} 項無法修復："),
    "status.vault": ("Vault {name!r} {id}", "保存庫 {name!r} {id}"),
    "status.shape": (
        "needs {needed} of {total} providers; writes to {write}, reads logs from {read}; liars "
        "{liars}, spare losses {spare}",
        "{total} 個儲存處之中需要 {needed} 個；寫入須達 {write} 個，日誌須讀 {read} 個；"
        "可容忍 {liars} 個回報不實，另可容忍 {spare} 個失效",
    ),
    "status.counts": (
        "{snapshots} snapshots, {incomplete} unfinished backups, {writers} writers; policy version "
        "{policy}, key epoch {epoch}; key domains: {domains}",
        "{snapshots} 個備份快照、{incomplete} 次未完成的備份、{writers} 個寫入者；"
        "政策第 {policy} 版，金鑰第 {epoch} 世代；金鑰領域：{domains}",
    ),
    "status.ok": ("ok", "正常"),
    "status.unreachable": ("does not answer", "沒有回應"),
    "status.empty": (
        "answers, but has no good key share of this vault",
        "有回應，但沒有本保存庫完好的金鑰分持",
    ),
    "status.why": ("{state}: {message}", "{state}：{message}"),
}
