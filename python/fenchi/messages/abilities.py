"""What a place can do, as `provider check` finds it: what is asked, was found, and means."""

from __future__ import annotations

TEXTS = {
    "ability.overwrite_refusal": ("refuses to overwrite", "拒絕覆寫"),
    "ability.overwrite_refusal.always": ("always", "一律拒絕"),
    "ability.overwrite_refusal.always.means": ("fit for a vault", "適合作為儲存處"),
    "ability.overwrite_refusal.not_at_once": (
        "not when two write at once",
        "兩方同時寫入時不會拒絕",
    ),
    "ability.overwrite_refusal.not_at_once.means": (
        "fit for a vault, whose names are never reused; do not run two repairs of it at the same "
        "time",
        "適合作為儲存處，因為物件名稱從不重複使用；但請勿同時執行兩次修復",
    ),
    "ability.overwrite_refusal.never": ("never: overwrites silently", "從不拒絕：會直接覆寫"),
    "ability.overwrite_refusal.never.means": (
        "refused for a new vault, unless create_only is relaxed by name",
        "新的保存庫不接受，除非在政策中載明放寬 create_only",
    ),
    "ability.replace": ("replaces on request", "依要求取代"),
    "ability.replace.yes": ("yes", "可以"),
    "ability.replace.yes.means": (
        "nothing: a vault never asks for it",
        "沒有影響：保存庫不會這樣要求",
    ),
    "ability.replace.no": ("no", "不可以"),
    "ability.replace.no.means": (
        "nothing: a vault never asks for it",
        "沒有影響：保存庫不會這樣要求",
    ),
    "ability.ranges": ("reads parts", "只讀取一部分"),
    "ability.ranges.yes": ("yes", "可以"),
    "ability.ranges.yes.means": (
        "restoring a part fetches little more than the part",
        "只還原一部分時，取回的資料量大致就是那一部分",
    ),
    "ability.ranges.whole_objects": (
        "at the cost of the whole object",
        "可以，但仍要取回整個物件",
    ),
    "ability.ranges.whole_objects.means": (
        "restoring a part fetches whole objects of up to 15 MiB",
        "只還原一部分時，也要取回整個物件，每個最大 15 MiB",
    ),
    "ability.ranges.no": ("wrongly", "讀到的內容錯誤"),
    "ability.ranges.no.means": (
        "unfit: what is read would be rejected as damaged",
        "不適合：讀到的內容會被當成損壞而拒絕",
    ),
    "ability.durability": ("says that it keeps what it acknowledged", "聲明回覆成功就不會遺失"),
    "ability.durability.declared": ("yes", "有"),
    "ability.durability.declared.means": (
        "an acknowledged object outlives a power cut there",
        "已回覆成功的物件，該處斷電也不會遺失",
    ),
    "ability.durability.not_declared": ("no", "沒有"),
    "ability.durability.not_declared.means": (
        "run verify after a crash of that place",
        "該處當機之後，請執行檢核（verify）",
    ),
    "ability.delete": ("deletes", "刪除"),
    "ability.delete.yes": ("yes", "可以"),
    "ability.delete.yes.means": (
        "prune frees space; whoever holds this credential can delete, too: an append-only one for "
        "backups is safer",
        "清理舊資料時能釋出空間；但持有這份存取認證資訊的人也能刪除備份："
        "備份用的改成只能新增、不能刪除，比較安全",
    ),
    "ability.delete.refused": (
        "refused: append-only ({detail})",
        "遭拒絕：只能新增（{detail}）",
    ),
    "ability.delete.refused.means": (
        "a stolen credential cannot delete backups; prune needs another",
        "存取認證資訊即使遭竊，也無法刪除備份；清理舊資料要用另一份",
    ),
    "ability.delete.no": ("no ({detail})", "不可以（{detail}）"),
    "ability.delete.no.means": ("space is never freed", "空間永遠不會釋出"),
    "ability.delete.not_tried": ("not tried", "未測試"),
    "ability.delete.not_tried.means": (
        "unknown whether this credential can delete backups",
        "不清楚這份存取認證資訊能否刪除備份",
    ),
    "ability.listing": ("lists new objects", "列出新的物件"),
    "ability.listing.at_once": ("at once", "立即"),
    "ability.listing.at_once.means": ("nothing to mind", "不需特別注意"),
    "ability.listing.lags": ("after {detail}", "{detail} 之後"),
    "ability.listing.lags.means": (
        "harmless: logs are read by exact name, never by listing alone",
        "沒有影響：日誌是以確切名稱讀取，不會只靠列表",
    ),
    "ability.listing.incomplete": ("not while the suite looked", "測試期間沒有列出"),
    "ability.listing.incomplete.means": (
        "harmless for reading; init may not see a vault that is there",
        "不影響讀取；但 init 可能看不到該處已有的保存庫",
    ),
    "ability.retention": ("locks objects for a time", "鎖定物件一段時間"),
    "ability.retention.kept": ("yes, until {detail}", "可以，至 {detail}"),
    "ability.retention.kept.means": (
        "locked backups outlive a stolen admin credential",
        "管理用的存取認證資訊即使遭竊，鎖定中的備份也刪不掉",
    ),
    "ability.retention.ignored": ("says so, but deletes them", "聲稱可以，實際上仍會刪除"),
    "ability.retention.ignored.means": (
        "do not count on locks there",
        "請勿依賴該處的鎖定功能",
    ),
    "ability.retention.not_tried": (
        "says so; not tried (--retain SECONDS)",
        "聲稱可以，未測試（--retain 秒數）",
    ),
    "ability.retention.not_tried.means": (
        "unknown; the trial leaves an object that nobody can delete",
        "不清楚；測試會留下一個任何人都不能刪除的物件",
    ),
    "ability.retention.unsupported": ("no", "不可以"),
    "ability.retention.unsupported.means": (
        "whoever may delete there can delete backups at any time",
        "有權在該處刪除的人，隨時都能刪除備份",
    ),
    "ability.clock": ("its clock", "該處的時鐘"),
    "ability.clock.right": ("right ({detail} s)", "正確（相差 {detail} 秒）"),
    "ability.clock.right.means": ("nothing to mind", "不需特別注意"),
    "ability.clock.wrong": ("wrong: {detail} s", "不準：相差 {detail} 秒"),
    "ability.clock.wrong.means": (
        "signed requests may be refused, and locks end at other times",
        "簽署過的要求可能遭拒絕，鎖定的到期時間也會不同",
    ),
    "ability.clock.unknown": ("it does not tell", "該處不提供時間"),
    "ability.clock.unknown.means": (
        "nothing: order never depends on it",
        "沒有影響：先後順序從不依賴時鐘",
    ),
}
