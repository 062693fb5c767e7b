"""What a failure or a damage means, by its code or kind, and what to do next.

The library says in English what failed, for which object and provider; these sentences say the
same in general, in the reader's language, and stand before it.
"""

from __future__ import annotations

TEXTS = {
    "outcome.detail": ("{sentence} Detail: {message}", "{sentence}詳細內容（英文）：{message}"),
    "outcome.next": ("{next} ({hint})", "{next}（英文提示：{hint}）"),
    "outcome.invalid_argument": (
        "Something in the command or in the configuration is not right.",
        "指令或設定的內容不正確。",
    ),
    "outcome.invalid_argument.next": (
        "correct what is named, and run the command again",
        "請更正所指出的內容，再執行一次",
    ),
    "outcome.not_found": (
        "It is not there: no such vault, snapshot, path or object.",
        "找不到所指定的保存庫、備份快照、路徑或物件。",
    ),
    "outcome.not_found.next": (
        "check the name; `fenchi snapshots` and `fenchi ls` show what there is",
        "請核對名稱；可用 `fenchi snapshots` 與 `fenchi ls` 查看現有的內容",
    ),
    "outcome.already_exists": (
        "Something is there already, and nothing was overwritten.",
        "該處已經有東西，沒有覆寫任何資料。",
    ),
    "outcome.already_exists.next": (
        "take another name or another place",
        "請改用別的名稱或別的位置",
    ),
    "outcome.denied": (
        "It is not allowed: to this role, at that provider, or on this computer.",
        "沒有權限：目前的角色不能做這件事，或是儲存處、本機拒絕存取。",
    ),
    "outcome.denied.next": (
        "use a credential of the role that is named; check what the provider lets you do, and the "
        "rights of the file or directory",
        "請改用具備所需角色的存取認證資訊，並檢查儲存處給予的權限，以及檔案或目錄的權限",
    ),
    "outcome.unavailable": (
        "A provider did not answer properly.",
        "儲存處沒有正常回應。",
    ),
    "outcome.unavailable.next": (
        "check the network, wait a little, and run the same command again",
        "請檢查網路，稍候片刻，再執行一次同樣的指令",
    ),
    "outcome.deadline": ("It was not finished in time.", "未能在時限內完成。"),
    "outcome.deadline.next": (
        "check the network, and run the same command again: it goes on where it stopped",
        "請檢查網路，再執行一次同樣的指令，會接著做下去",
    ),
    "outcome.full": (
        "A provider, a disk or a quota is full.",
        "儲存處、磁碟或配額的空間已滿。",
    ),
    "outcome.full.next": (
        "make room or raise the quota, and run the same command again",
        "請騰出空間或提高配額，再執行一次同樣的指令",
    ),
    "outcome.locked": (
        "A lock forbids it for now: retention has not ended.",
        "目前受鎖定保護，保留期限還沒到，不能變更。",
    ),
    "outcome.locked.next": (
        "wait until the lock has ended; nothing needs to be mended",
        "請等鎖定期滿；這不是故障，不必修復",
    ),
    "outcome.wrong_key": (
        "The vault does not open: wrong passphrase or credential, or too few key shares.",
        "打不開保存庫：密碼或存取認證資訊不對，或金鑰分持不足。",
    ),
    "outcome.wrong_key.next": (
        "type the passphrase again, slowly; check that it belongs to this vault; with key shares, "
        "ask one more custodian or a deputy",
        "請慢慢重新輸入密碼，並確認是這個保存庫的密碼；"
        "若使用金鑰分持，請再請一位金鑰保管人或其代理人提供",
    ),
    "outcome.policy": (
        "A rule forbids it: one of the vault's policy, or a safe default of fenchi.",
        "規定不允許：保存庫的政策，或 fenchi 的安全預設。",
    ),
    "outcome.policy.next": (
        "read which rule it is, and ask whoever is in charge of the vault to relax it by name",
        "請查看是哪一條規定；如需放寬，請洽保存庫的管理人員載明辦理",
    ),
    "outcome.too_few_providers": (
        "Too few providers can be reached.",
        "連得上的儲存處不足。",
    ),
    "outcome.too_few_providers.next": (
        "check the network, the credentials and the mounted disks; `fenchi status` shows which "
        "providers answer",
        "請檢查網路、存取認證資訊與掛載的磁碟；執行 `fenchi status` 可查看哪些儲存處有回應",
    ),
    "outcome.damaged": (
        "What was read is damaged or was changed; it was not used.",
        "讀到的內容已損壞或遭竄改，因此沒有採用。",
    ),
    "outcome.damaged.next": (
        "run `fenchi verify`, then `fenchi repair`",
        "請先執行 `fenchi verify` 檢核，再執行 `fenchi repair` 修復",
    ),
    "outcome.data_loss": (
        "Too few good shards are left of some data.",
        "部分資料所剩的完好分持檔不足，無法取回。",
    ),
    "outcome.data_loss.next": (
        "bring back providers that are missing; everything else can still be restored, also from "
        "an older snapshot",
        "請設法恢復失聯的儲存處；其餘資料仍可還原，也可改用較舊的備份快照",
    ),
    "outcome.unsupported": (
        "This version of fenchi does not know that.",
        "這個版本的 fenchi 不支援。",
    ),
    "outcome.unsupported.next": (
        "install a newer version, or one with this part",
        "請安裝較新的版本，或包含這項功能的版本",
    ),
    "outcome.cancelled": ("Stopped on request.", "已依要求停止。"),
    "outcome.cancelled.next": (
        "run the same command again to go on",
        "再執行一次同樣的指令，就會接著做下去",
    ),
    "outcome.conflict": (
        "Somebody else changes or uses it at the same time.",
        "同一時間另有人在變更或使用。",
    ),
    "outcome.conflict.next": (
        "wait until the other run is over, and run the same command again",
        "請等對方執行完畢，再執行一次同樣的指令",
    ),
    "outcome.io": (
        "A file on this computer could not be read or written.",
        "本機的檔案無法讀取或寫入。",
    ),
    "outcome.io.next": (
        "check that the file and its disk are there, and that there is room",
        "請確認檔案與磁碟都在，而且空間足夠",
    ),
    "outcome.internal": (
        "A mistake in fenchi itself.",
        "fenchi 程式本身的錯誤。",
    ),
    "outcome.internal.next": (
        "keep this message and report it to the developers; then run `fenchi verify`",
        "請留下這段訊息，回報給開發者；並執行 `fenchi verify` 檢核備份",
    ),
    # kinds of damage
    "damage.missing": ("missing", "缺少"),
    "damage.truncated": ("shorter or longer than it must be", "長度不對"),
    "damage.header": ("a bad header", "標頭損壞"),
    "damage.block": ("a bad block", "區塊損壞"),
    "damage.content": ("bad content", "內容不符"),
    "damage.object": ("a bad object", "物件損壞"),
    "damage.unreachable": ("away, or refuses everything", "儲存處沒有回應，或拒絕一切要求"),
    "damage.unreadable": ("refused, while others are given", "儲存處拒絕提供這個物件"),
    "damage.of_kind": ("{kind}; {what}", "{kind}（英文：{what}）"),
}
