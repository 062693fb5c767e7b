"""Restores, and drills that rehearse them."""

from __future__ import annotations

TEXTS = {
    "restore.done": (
        "Restored {files} files, {directories} directories, {others} others, {bytes}, to {target} "
        "in {seconds}.",
        "已還原 {files} 個檔案、{directories} 個目錄、{others} 個其他項目，共 {bytes}，"
        "至 {target}，費時 {seconds}。",
    ),
    "restore.checked": (
        "{chunks} chunks were decrypted and compared with their ids; {fetched} were fetched; "
        "{replaced} missing or bad shards were replaced by others.",
        "{chunks} 個資料塊已解密並與其識別碼比對；取回 {fetched}；"
        "{replaced} 個缺少或損壞的分持檔已由其他分持檔代替。",
    ),
    "restore.resumed": (
        "{count} of these were there already and were compared.",
        "其中 {count} 個原已存在，經比對相符。",
    ),
    "restore.dropped": (
        "{count} devices and setuid bits were left out: see --devices, --keep-setuid.",
        "有 {count} 個裝置檔或 setuid 權限位元未還原：請參閱 --devices 與 --keep-setuid 選項。",
    ),
    "restore.failed": (
        "NOT RESTORED: {count} entries, which are named below.",
        "未能還原：{count} 個項目，列於下方。",
    ),
    "restore.problems": (
        "{count} entries could not be written, or not with all their attributes:",
        "有 {count} 個項目無法寫入，或屬性未能全部還原：",
    ),
    "restore.lost": (
        "LOST: {count} files; too few good shards are left of them:",
        "資料遺失：{count} 個檔案，完好的分持檔不足：",
    ),
    "drill.done": (
        "Drill {absent}: restored {files} files, {bytes}, in {seconds}.",
        "演練（{absent}）：還原 {files} 個檔案，共 {bytes}，費時 {seconds}。",
    ),
    "drill.without": ("without {absent}", "假設 {absent} 失效"),
    "drill.nobody": ("with all providers", "所有儲存處均可用"),
    "drill.compared": (
        "Compared {files} files, {bytes}, with the snapshot: {mismatches} differ.",
        "已將 {files} 個檔案（共 {bytes}）與備份快照比對：{mismatches} 個不相符。",
    ),
    "drill.rto": (
        "Time to restore: {seconds}, target {target}: {verdict}.",
        "還原費時：{seconds}，目標（RTO）{target}：{verdict}。",
    ),
    "drill.rpo": (
        "Age of the data: {seconds}, target {target}: {verdict}.",
        "資料距今：{seconds}，目標（RPO）{target}：{verdict}。",
    ),
    "drill.age": ("Age of the data: {seconds}.", "資料距今：{seconds}。"),
    "drill.met": ("met", "達成"),
    "drill.missed": ("MISSED", "未達成"),
    "drill.passed": ("Passed.", "演練通過。"),
    "drill.failed": ("NOT passed.", "演練未通過。"),
}
