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
