"""The key ceremony: handing out and gathering key shares, the recovery card, and recovery."""

from __future__ import annotations

TEXTS = {
    # what is wrong with a typed line
    "line.letter": (
        "line {line}, group {group}, letter {place}: '{found}' is wrong, it should be '{wanted}'",
        "第 {line} 行第 {group} 組第 {place} 字：「{found}」有誤，應為「{wanted}」",
    ),
    "line.group": (
        "line {line}, group {group}: this group is wrong; look at it again",
        "第 {line} 行第 {group} 組：這一組有誤，請再看一次",
    ),
    "line.sign": (
        "line {line}, group {group}, letter {place}: '{found}' is never used in these lines",
        "第 {line} 行第 {group} 組第 {place} 字：「{found}」不會出現在這些行裡",
    ),
    "line.length": (
        "line {line}, group {group}: it has {found} letters, each group has {wanted}",
        "第 {line} 行第 {group} 組：有 {found} 個字，每組應為 {wanted} 個字",
    ),
    "line.groups": (
        "line {line}: it has {found} groups, each line has {wanted}",
        "第 {line} 行：有 {found} 組，每行應為 {wanted} 組",
    ),
    "line.place": (
        "line {line}: this is what stands in the line with number {found}",
        "第 {line} 行：這是第 {found} 行的內容",
    ),
    "line.missing": ("line {line} is missing", "缺少第 {line} 行"),
    "line.twice": (
        "line {line} was given twice, and differently",
        "第 {line} 行出現兩次，而且內容不同",
    ),
    "line.name": ("line {line}: there is no line of this number", "第 {line} 行：沒有這個行號"),
    "line.line": (
        "line {line}: many letters are wrong; type the line again",
        "第 {line} 行：錯誤太多，請整行重新輸入",
    ),
    # a share on a page or in a file
    "page.torn": (
        "this is no whole key share (part {what})",
        "這不是一份完整的金鑰分持（{what} 部分）",
    ),
    "page.torn_hint": (
        "take another copy: the file, the QR code, or the typed lines",
        "請改用另一種形式：檔案、QR 碼，或逐行輸入",
    ),
    "page.mixed": (
        "lines A and lines B are each right, but not of the same share",
        "A 行與 B 行各自正確，但不屬於同一份金鑰分持",
    ),
    "page.mixed_hint": (
        "take all lines from one page",
        "請從同一張紙上輸入所有的行",
    ),
    "page.index": (
        "a share with index {index} of which {needed} are needed cannot be",
        "不可能有編號 {index}、需要 {needed} 份的金鑰分持",
    ),
    "page.locked": (
        "share {index} is locked: its custodian's passphrase is needed",
        "第 {index} 份已上鎖：需要保管人的密碼",
    ),
    "page.passphrase": (
        "this is not the passphrase of share {index}",
        "這不是第 {index} 份的密碼",
    ),
    "page.passphrase_hint": (
        "its custodian, or the deputy, chose it at the ceremony",
        "密碼由保管人或職務代理人在儀式中自行設定",
    ),
    "page.look_again": (
        "look at the page again and type these lines anew",
        "請再看一次紙本，重新輸入這些行",
    ),
    "file.cut": (
        "the text was cut off at its end; all lines of the share are there",
        "文字結尾被截斷；金鑰分持的各行仍完整",
    ),
    "file.changed": (
        "the text around the lines was changed: do not believe its names",
        "各行以外的文字曾被更改：請勿相信其中的姓名",
    ),
    "file.differs": (
        "{name} says '{said}', the share itself says '{holds}'",
        "{name} 寫的是「{said}」，金鑰分持本身是「{holds}」",
    ),
    "file.long": ("this text is far too long for a key share", "這段文字太長，不是金鑰分持"),
    # QR codes and scans
    "extra.missing": (
        "the Python package {name} is missing",
        "缺少 Python 套件 {name}",
    ),
    "extra.missing_hint": (
        "pip install 'fenchi[ceremony]', or use the text files and typed lines",
        "請執行 pip install 'fenchi[ceremony]'，或改用文字檔與逐行輸入",
    ),
    "qr.too_much": (
        "{size} letters are too much for one QR code",
        "{size} 個字超過一個 QR 碼的容量",
    ),
    "scan.large": ("{path} is too large for a scan", "{path} 太大，不像是掃描檔"),
    "scan.absent": ("there is no file {path}", "沒有檔案 {path}"),
    "scan.unreadable": (
        "{path} cannot be read as a picture: {why}",
        "無法將 {path} 讀成影像：{why}",
    ),
    "scan.garbled": (
        "the QR code in {path} is of fenchi, but not whole",
        "{path} 裡的 QR 碼屬於 fenchi，但不完整",
    ),
    "scan.none": ("no QR code of fenchi was found in {path}", "在 {path} 裡找不到 fenchi 的 QR 碼"),
    "scan.none_hint": (
        "scan at 300 dpi, flat and sharp, or type the lines",
        "請以 300 dpi 平整清晰地掃描，或逐行輸入",
    ),
    # PDF
    "font.missing": (
        "no font with Chinese letters was found for the PDF",
        "找不到可用於 PDF 的中文字型",
    ),
    "font.missing_hint": (
        "install fonts-droid-fallback, name a TrueType font in FENCHI_FONT, or take --format html",
        "請安裝 fonts-droid-fallback，或以 FENCHI_FONT 指定 TrueType 字型，或改用 --format html",
    ),
    "font.unreadable": ("the font {path} cannot be used: {why}", "無法使用字型 {path}：{why}"),
    "sheet.full": ("this is too much for two pages", "內容超過兩頁"),
    "sheet.full_hint": (
        "use the text file, or shorten names and lists",
        "請改用文字檔，或縮短名稱與清單",
    ),
    # the recovery card
    "card.torn": ("this is no whole recovery card", "這不是一張完整的復原卡"),
    "card.torn_hint": (
        "take another copy, or type the six lines C1 to C6: fenchi recover",
        "請改用另一份，或輸入 C1 至 C6 六行：fenchi recover",
    ),
    "card.cut": ("{path} was cut off at its end", "{path} 的結尾被截斷"),
    "card.is_share": (
        "{path} holds a key share, not a recovery card",
        "{path} 是金鑰分持，不是復原卡",
    ),
    "card.several": ("{path} holds {count} recovery cards", "{path} 裡有 {count} 張復原卡"),
    "card.unreadable": ("cannot read {path}: {why}", "無法讀取 {path}：{why}"),
    "card.no_text": ("{path} is no text of a recovery card", "{path} 不是復原卡的文字檔"),
    "card.written": ("Recovery card: {path}", "復原卡：{path}"),
    "card.keep": (
        "Print it and keep a copy with every custodian; it is not secret. Make a new one after "
        "each change of keys, providers or people.",
        "請列印並讓每位保管人留存一份；本卡不含機密。更換金鑰、儲存處或人員後，請重新製作。",
    ),
    # shares that are gathered
    "share.good": (
        "{name}: good, share {index}; {needed} are needed",
        "{name}：正確，第 {index} 份；共需 {needed} 份",
    ),
    "share.line": ("{text}", "{text}"),
    "share.damaged": ("{name}: DAMAGED: {why}", "{name}：損壞：{why}"),
    "share.foreign": (
        "{name}: FOREIGN: of vault {vault}, not of {ours}",
        "{name}：不相關：屬於保存庫 {vault}，不是 {ours}",
    ),
    "share.old": (
        "{name}: OLD: of epoch {epoch}; the keys are of epoch {ours} now",
        "{name}：已過期：屬於金鑰世代 {epoch}，目前為 {ours}",
    ),
    "share.duplicate": (
        "{name}: the same share as {other}; it counts once",
        "{name}：與 {other} 是同一份，只計一次",
    ),
    "share.together": (
        "{path} holds more than one share: keep them apart from now on",
        "{path} 裡有不只一份金鑰分持：今後請分開保管",
    ),
    "share.other_set": (
        "{name}: of another set than the others; not used",
        "{name}：與其他份不同組，未使用",
    ),
    "share.no_key": (
        "these shares do not tell which key is right: {why}",
        "無法由這些金鑰分持判斷正確的金鑰：{why}",
    ),
    "share.is_card": (
        "{path} holds a recovery card, not a key share",
        "{path} 是復原卡，不是金鑰分持",
    ),
    "share.unreadable": ("cannot read {path}: {why}", "無法讀取 {path}：{why}"),
    "share.no_text": (
        "{path} is neither a text nor a scan of a key share",
        "{path} 不是金鑰分持的文字檔，也不是掃描檔",
    ),
    "share.passphrase": (
        "Passphrase of {name} (share {index}), typed by its custodian; empty: go on without it:",
        "{name}（第 {index} 份）的密碼，請保管人輸入；留空則略過：",
    ),
    "share.typed": ("typed page {number}", "輸入的第 {number} 張"),
    "share.count": (
        "{have} of {needed} shares are good.",
        "已有 {have} 份正確，共需 {needed} 份。",
    ),
    "share.more": (
        "need {missing} more of {needed} key shares",
        "還缺 {missing} 份金鑰分持，共需 {needed} 份",
    ),
    "share.more_hint": (
        "add files or scans, or --typed for pages that cannot be scanned",
        "請再提供檔案或掃描檔；無法掃描者請用 --typed 輸入",
    ),
    "share.none": ("no usable key share was given", "沒有可用的金鑰分持"),
    "fault.damaged": ("{name}: DAMAGED; not used", "{name}：損壞，未使用"),
    "fault.forged": (
        "{name}: FORGED: whole, but not what the ceremony made; not used",
        "{name}：偽造：形式完整，但並非儀式所產生；未使用",
    ),
    "fault.foreign": (
        "{name}: FOREIGN: of another key; not used",
        "{name}：不相關：屬於另一把金鑰，未使用",
    ),
    "fault.old": ("{name}: OLD; not used", "{name}：已過期，未使用"),
    "fault.duplicate": ("{name}: there already; it counts once", "{name}：重複，只計一次"),
    "fault.bad_index": ("{name}: its number cannot be; not used", "{name}：編號不可能存在，未使用"),
    # checking one share
    "check.several": (
        "{path} holds {count} shares: check each alone",
        "{path} 裡有 {count} 份金鑰分持：請逐份檢查",
    ),
    "check.whole": (
        "Whole: share {index} of set {set}; any {needed} of the set open the vault.",
        "完整：{set} 組第 {index} 份；該組任 {needed} 份可開啟保存庫。",
    ),
    "check.vault": ("Vault {vault}, epoch {epoch}.", "保存庫 {vault}，金鑰世代 {epoch}。"),
    "check.current": (
        "CURRENT: epoch {epoch} is the newest; it helps to open: {slot}",
        "有效：金鑰世代 {epoch} 為最新；可用於：{slot}",
    ),
    "check.old": (
        "OLD: the share is of epoch {epoch}, the vault's keys are of epoch {ours}. It opens "
        "nothing new; ask for your new share.",
        "已過期：此份屬於金鑰世代 {epoch}，保存庫目前為 {ours}。無法開啟新資料，請索取新的一份。",
    ),
    "check.foreign": ("FOREIGN: it is not of vault {vault}.", "不相關：不屬於保存庫 {vault}。"),
    "check.unused": (
        "UNUSED: it is of the current epoch {epoch}, but no way to open the vault asks for it.",
        "未使用：屬於目前的金鑰世代 {epoch}，但沒有任何開啟方式需要它。",
    ),
    "check.alone": (
        "Not compared with the vault: give --card CARD, or run it beside a vault.toml.",
        "尚未與保存庫比對：請加上 --card 復原卡，或在 vault.toml 旁執行。",
    ),
    # bringing shares together
    "combine.no_vault": (
        "The shares fit together. There is no {path}: `fenchi recover CARD` goes on from here.",
        "這些金鑰分持彼此相符。沒有 {path}：請以 `fenchi recover 復原卡` 繼續。",
    ),
    "combine.opens": ("These shares open vault {name}.", "這些金鑰分持可開啟保存庫 {name}。"),
    # the conversation
    "talk.ended": ("the input ended before it was finished", "輸入在完成前結束"),
    "talk.ended_hint": ("nothing was changed; start again", "未變更任何內容；請重新開始"),
    "type.share_a": (
        "Type the page, line by line, from A1 on. Blanks and case do not matter. An empty line "
        "ends.",
        "請從 A1 起逐行輸入。空格與大小寫皆可。直接按 Enter 結束。",
    ),
    "type.share_b": (
        "Next page: only its lines B, if it is of the same set; else begin with A1 and the line's "
        "name. An empty line ends.",
        "下一張：若為同一組，只需輸入 B 行；否則請加行號從 A1 開始。直接按 Enter 結束。",
    ),
    "type.card": (
        "Type the six lines C1 to C6 of the recovery card. An empty line ends.",
        "請輸入復原卡的 C1 至 C6 六行。直接按 Enter 結束。",
    ),
    # the ceremony
    "hand.who": (
        "Share {number} of {count}: {holder}",
        "第 {number} 份，共 {count} 份：{holder}",
    ),
    "hand.deputy": ("Deputy: {deputy}", "職務代理人：{deputy}"),
    "hand.alone": (
        "From here on only {holder} looks at this screen.",
        "從現在起，只有 {holder} 可以看螢幕。",
    ),
    "hand.passphrase": (
        "A passphrase for this share, chosen by its custodian (empty: none):",
        "請保管人為這一份設定密碼（留空表示不設）：",
    ),
    "hand.passphrase_again": ("The same again:", "請再輸入一次："),
    "hand.passphrase_short": (
        "at least {least} letters, or none at all",
        "至少 {least} 個字，或完全不設",
    ),
    "hand.where": (
        "A folder for this share alone (a USB stick, an encrypted disk):",
        "只放這一份的資料夾（隨身碟、加密磁碟）：",
    ),
    "hand.no_folder": ("'{path}' is no folder", "「{path}」不是資料夾"),
    "hand.shared": (
        "another custodian's share lies in {path}: choose another place",
        "{path} 裡有其他保管人的一份：請換一個位置",
    ),
    "hand.written": ("Written and read again: {path}", "已寫入並讀回核對：{path}"),
    "hand.differs": (
        "{path} was written, but reads back as something else",
        "{path} 已寫入，但讀回的內容不同",
    ),
    "hand.print": ("printing by {command} failed: {why}", "以 {command} 列印失敗：{why}"),
    "hand.printed": ("Sent to the printer: take the page yourself.", "已送印：請親自取紙。"),
    "hand.take": (
        "Take your page or medium now. To confirm, read one line back from it.",
        "請現在取走您的紙本或媒體，並讀回其中一行以確認。",
    ),
    "hand.read_back": ("Line {line} of your share:", "您這一份的 {line} 行："),
    "hand.other_line": (
        "a right line, but of another page: look at yours",
        "這一行本身正確，但屬於別張紙：請看您自己的",
    ),
    "hand.not_confirmed": (
        "share {index} was not confirmed: the ceremony is void",
        "第 {index} 份未獲確認：本次儀式無效",
    ),
    "hand.all": (
        "All {count} custodians have their shares and confirmed them.",
        "{count} 位保管人皆已取得並確認。",
    ),
    "hand.void": (
        "The ceremony is void: nothing in the vault was changed. Files were removed; pages that "
        "were handed out open nothing: destroy them.",
        "本次儀式無效：保存庫未作任何變更。檔案已移除；已發出的紙本無法開啟任何資料，請銷毀。",
    ),
    "hand.left": ("Not removed: {path}", "未能移除：{path}"),
    "write.exists": ("{path} exists already", "{path} 已存在"),
    "write.failed": ("cannot write {path}: {why}", "無法寫入 {path}：{why}"),
    "split.passphrase": (
        "The expression names a passphrase: choose the one that is needed besides the shares.",
        "開啟條件包含密碼：請設定與金鑰分持一併使用的密碼。",
    ),
    "split.done": (
        "The vault opens by: {open} (policy {version}).",
        "保存庫的開啟方式：{open}（政策第 {version} 版）。",
    ),
    "split.rotated": (
        "New epoch: earlier passphrases and shares open nothing that is written from now on. What "
        "they opened before they can open still, with the providers.",
        "已進入新的金鑰世代：先前的密碼與金鑰分持無法開啟此後的資料；"
        "先前能開啟的，連同儲存處仍能開啟。",
    ),
    "split.unsure": (
        "The shares were handed out, but it is not certain that the vault took them: keep ALL "
        "shares, old and new, until `fenchi key check` says which ones are of the current epoch.",
        "金鑰分持已發出，但無法確定保存庫是否採用：請保留新舊所有金鑰分持，"
        "直到 `fenchi key check` 顯示何者屬於目前的金鑰世代。",
    ),
    "split.added": (
        "The other ways to open it are still there: --rotate ends them.",
        "其他開啟方式仍然有效：以 --rotate 終止。",
    ),
    "split.proposal": (
        "Several admins must sign. The shares count once it is published.",
        "需由多位管理者簽署。發布後金鑰分持才生效。",
    ),
    "split.take": (
        "The shares still lie below {path}: give each folder to its custodian and remove it here.",
        "各份仍在 {path} 之下：請將各資料夾交給保管人，並自此處移除。",
    ),
    # recovery
    "recover.card": (
        "Recovery card of {name}, vault {vault}.",
        "{name} 的復原卡，保存庫 {vault}。",
    ),
    "recover.cards": ("these are different recovery cards", "這些是不同的復原卡"),
    "recover.cards_hint": ("give the newest one alone", "請只提供最新的一張"),
    "recover.provider": (
        "Asking {name} at {url}",
        "查詢 {name}：{url}",
    ),
    "recover.recipients": (
        "What the card and the policy do not tell: the public keys of recipients. Where {names} is "
        "one, add its [[recipient]] table to {path} before the next `fenchi key rotate`.",
        "復原卡與政策不含受託人的公鑰。若 {names} 是受託人，"
        "請在下一次 `fenchi key rotate` 之前，把其 [[recipient]] 表格加入 {path}。",
    ),
    "recover.config": ("Wrote {path} from the card.", "已依復原卡寫成 {path}。"),
    "recover.other": (
        "{path} is of vault {vault}, not of the card's",
        "{path} 屬於保存庫 {vault}，與復原卡不同",
    ),
    "recover.exists": (
        "{path} is there and names the providers: --provider would change it",
        "{path} 已存在並列有儲存處：--provider 會更動它",
    ),
    "recover.other_hint": (
        "name a new file with -c, such as -c recovered.toml",
        "請以 -c 指定新檔名，例如 -c recovered.toml",
    ),
    "recover.no_providers": ("the card names no providers", "復原卡沒有列出儲存處"),
    "recover.no_providers_hint": (
        "a typed card has none: give --provider NAME=URL for each, or scan the card's QR code",
        "逐行輸入的卡片不含清單：請逐一加上 --provider 名稱=URL，或掃描復原卡的 QR 碼",
    ),
    "recover.fresh": (
        "What the providers serve is not older than the card ({made}).",
        "各儲存處提供的內容不比復原卡（{made}）舊。",
    ),
    "card.unwritten": (
        "the card {path} could not be written: {why}",
        "無法寫入復原卡 {path}：{why}",
    ),
    "card.again": (
        "what was done to the vault stands; write the card elsewhere: `fenchi card`",
        "對保存庫所做的變更已經生效；請改用其他位置寫入復原卡：`fenchi card`",
    ),
    "recover.fresh_unknown": (
        "the card names no log ends: the policy was compared, but how new the backups are is NOT "
        "known; compare the newest snapshot's date with what you expect",
        "復原卡沒有記載紀錄末端：只比對了政策，「無法得知」備份是否為最新；"
        "請核對最新快照的日期是否符合預期",
    ),
    "recover.log": (
        "OLDER THAN THE CARD: the log of writer {writer} ends with record {have}, the card knows "
        "{known}",
        "比復原卡舊：寫入者 {writer} 的日誌止於第 {have} 筆，復原卡記載到第 {known} 筆",
    ),
    "recover.not_proved": (
        "{name} at {url} did not show that it holds this vault: it stands in vault.toml as a "
        "comment. Compare the card with its second copy. If the place is right (a disk that is not "
        "mounted, a line that is down), take the # away there; else use no credential there",
        "{url} 的 {name} 未能證明持有本保存庫，在 vault.toml 中只列為註解。請與另一份復原卡核對："
        "若該處無誤（例如磁碟尚未掛載或線路中斷），請刪去該段的 #；"
        "否則不要在該處使用任何存取認證資訊",
    ),
    "recover.older": (
        "the providers serve an older state than the card",
        "各儲存處提供的狀態比復原卡舊",
    ),
    "recover.older_hint": (
        "reach more providers; if the newest ones are lost for good, --accept-older goes on with "
        "what is there",
        "請連上更多儲存處；若較新的已永久遺失，可加 --accept-older 以現有內容繼續",
    ),
    "recover.admins": (
        "the vault's admins are not those of the card: it is an old card, or ask why",
        "保存庫的管理金鑰與復原卡不同：復原卡可能已舊，否則請查明原因",
    ),
    "recover.open": (
        "Vault {name} is open: {count} snapshots, the newest last:",
        "保存庫 {name} 已開啟：共 {count} 個備份快照，最新者在最後：",
    ),
    "recover.snapshot": ("  {id}  {began}  {label}", "  {id}  {began}  {label}"),
    "recover.next": (
        "Go on with: fenchi --share SHARE ... restore latest FOLDER (or run recover again with "
        "--restore FOLDER).",
        "接著執行：fenchi --share 金鑰分持 … restore latest 資料夾"
        "（或再次執行 recover 並加上 --restore 資料夾）。",
    ),
    # usage
    "usage.format": (
        "--format is txt, pdf or html, not '{format}'",
        "--format 可為 txt、pdf、html，不可為「{format}」",
    ),
    "usage.custodian": (
        "--custodian takes GROUP=HOLDER or GROUP=HOLDER/DEPUTY, not '{value}'",
        "--custodian 的格式為 組別=保管人 或 組別=保管人/職務代理人，不可為「{value}」",
    ),
    "usage.custodian_twice": (
        "--custodian {value}: this person is in the group already",
        "--custodian {value}：此人已在組內",
    ),
    "usage.too_few": (
        "{needed} of {group} are asked for, {there} custodians are named",
        "{group} 需要 {needed} 份，只列出 {there} 位保管人",
    ),
    "usage.split_open": (
        "'{open}': a ceremony is for groups of custodians that --custodian names, and at most a "
        "passphrase besides",
        "「{open}」：儀式只處理 --custodian 所列的保管人組別，另可加密碼",
    ),
    "usage.provider": (
        "--provider takes NAME=URL or NAME=DIRECTORY, not '{value}'",
        "--provider 的格式為 名稱=URL 或 名稱=資料夾，不可為「{value}」",
    ),
}
