"""What stands on printed pages: key shares and the recovery card, in both languages at once."""

from __future__ import annotations

TEXTS = {
    # printed pages
    "paper.share": ("Key share", "金鑰分持"),
    "paper.any": (
        "Any {needed} of these {count} shares open the vault, together with its providers.",
        "{count} 份之中任 {needed} 份，連同各儲存處，即可開啟保存庫。",
    ),
    "paper.vault": ("Vault", "保存庫"),
    "paper.holder": ("Custodian", "金鑰保管人"),
    "paper.deputy": ("Deputy", "職務代理人"),
    "paper.opens": ("Opens", "開啟條件"),
    "paper.set": ("Set", "組別"),
    "paper.epoch_made": ("Epoch, date", "金鑰世代、日期"),
    "paper.vault_id": ("Vault id", "保存庫識別碼"),
    "paper.passphrase": ("Passphrase", "密碼"),
    "paper.locked": ("needed (chosen by the custodian)", "需要（由保管人自行設定）"),
    "paper.unlocked": ("none: this paper alone is the share", "無：持有這張紙即持有金鑰分持"),
    "paper.what": ("What this is", "這是什麼"),
    "paper.what.1": (
        "One part of the key to an encrypted backup. Alone it opens nothing.",
        "加密備份之金鑰的一部分，單獨一份無法開啟任何資料。",
    ),
    "paper.what.2": (
        "Whoever has {needed} of these pages and access to the providers can read everything.",
        "任何人取得 {needed} 份，並能存取各儲存處，就能讀取全部資料。",
    ),
    "paper.what.3": (
        "After the keys were rotated this page opens nothing new; what it opened before, it can "
        "open still.",
        "金鑰更換後，這張紙無法開啟之後的資料；先前能開啟的，仍能開啟。",
    ),
    "paper.keep": ("How to keep it", "如何保管"),
    "paper.keep.1": (
        "In a locked safe or a sealed envelope; never with another share, never photographed.",
        "放在上鎖的保險櫃或彌封信封；不與其他份放在一起，不拍照。",
    ),
    "paper.keep.2": (
        "Tell your deputy where it is, and how it is opened.",
        "讓職務代理人知道存放地點與取用方式。",
    ),
    "paper.keep.3": (
        "Once a year: fenchi key check (shows whether it is whole and of the current epoch).",
        "每年一次：fenchi key check（確認完整，且屬於目前的金鑰世代）。",
    ),
    "paper.keep.4": (
        "Lost, seen by others, or you leave: tell the administrators at once; keys are rotated.",
        "遺失、被他人看見或離職：立即通知管理人員更換金鑰。",
    ),
    "paper.use": ("In an emergency", "緊急時怎麼做"),
    "paper.use.1": (
        "Bring this page and the recovery card to a clean machine with fenchi installed.",
        "將這張紙與復原卡帶到已安裝 fenchi 的乾淨電腦。",
    ),
    "paper.use.2": (
        "Run: fenchi recover CARD, and give {needed} shares: files, scans of the QR code, or "
        "the lines below, typed (lines A are the same on all pages of the set).",
        "執行 fenchi recover 復原卡檔，提供 {needed} 份：檔案、QR 碼掃描檔，"
        "或輸入下方各行（同組各張的 A 行都相同）。",
    ),
    "paper.use.3": (
        "A wrong letter is pointed at, by line and group: look again, and go on.",
        "輸入有誤時會指出第幾行第幾組：再看一次，繼續輸入。",
    ),
    "paper.own": (
        "Lines B: this share's own. Secret.",
        "B 行：本份專有，機密。",
    ),
    "paper.common": (
        "Lines A: the same on every page of this set.",
        "A 行：同組各張皆相同。",
    ),
    "paper.footer": (
        "Letters: 0-9 and A-Z without I, L, O, U. Case does not matter.",
        "用字：0-9 與 A-Z，不含 I、L、O、U；大小寫皆可。",
    ),
    # the recovery card
    "paper.card": ("Recovery card", "復原卡"),
    "paper.card_is": (
        "Not secret. With access to enough providers and enough key shares (or the passphrase), "
        "this page brings the backup back on a clean machine.",
        "本卡不含機密。只要能存取足夠的儲存處，並有足夠的金鑰分持（或密碼），"
        "憑此頁即可在乾淨的電腦上還原備份。",
    ),
    "paper.needed": ("Providers needed", "所需儲存處"),
    "paper.admins": ("Admins' fingerprint", "管理金鑰指紋"),
    "paper.policy": ("Policy, hash", "政策版本、雜湊"),
    "paper.places": ("Where the data lies", "資料所在的儲存處"),
    "paper.freshness": ("How new this card is", "本卡的新舊"),
    "paper.freshness.1": (
        "Made when policy {version} was the newest and the logs ended at: {logs}. What is older "
        "than this is refused.",
        "製作時最新政策為第 {version} 版，各日誌末筆為：{logs}。比這更舊的內容會被拒絕。",
    ),
    "paper.recover": ("In an emergency", "緊急時怎麼做"),
    "paper.recover.1": (
        "Take a clean machine, not one that may be infected. Install fenchi; the program and its "
        "format also lie at every provider, under k/.",
        "使用乾淨、未受感染的電腦安裝 fenchi；各儲存處的 k/ 之下也有格式說明與讀取程式。",
    ),
    "paper.recover.2": (
        "Get access to {needed} of the providers above (their credentials are kept elsewhere).",
        "取得上列儲存處中任 {needed} 處的存取認證資訊（另行保管）。",
    ),
    "paper.recover.3": (
        "Bring together who opens the vault: {opens}",
        "召集開啟保存庫所需的人：{opens}",
    ),
    "paper.recover.4": (
        "Run: fenchi recover CARD SHARE... --restore FOLDER. CARD and SHARE are files or scans; "
        "without a scanner: fenchi recover --typed, and type the lines.",
        "執行 fenchi recover 復原卡 金鑰分持... --restore 目的資料夾。兩者皆可為檔案或掃描檔；"
        "沒有掃描器時執行 fenchi recover --typed，逐行輸入。",
    ),
    "paper.recover.5": (
        "If it says that the providers serve something older than this card: do not go on alone; "
        "ask the administrators.",
        "若顯示儲存處提供的內容比本卡舊：請勿自行繼續，先詢問管理人員。",
    ),
    "paper.core": (
        "Lines C: enough when typed; the QR code holds the list of providers, too.",
        "C 行：可逐行輸入；QR 碼另含儲存處清單。",
    ),
}
