"""The help of the commands about keys, people and paper; the form is that of help.py."""

from __future__ import annotations

TEXTS = {
    "metavar.file": ("FILE", "檔案"),
    "metavar.dir": ("DIRECTORY", "目錄"),
    "metavar.date": ("DATE", "日期"),
    "metavar.expression": ("EXPRESSION", "條件"),
    "metavar.key": ("KEY", "金鑰"),
    "metavar.label": ("LABEL", "標籤"),
    "metavar.holder": ("HOLDER", "保管人"),
    "metavar.command": ("COMMAND", "指令"),
    "metavar.card": ("CARD", "復原卡"),
    "metavar.target": ("TARGET", "目標目錄"),
    "metavar.writer": ("WRITER", "寫入者"),
    # to open
    "help.fenchi.share": (
        "A custodian's key share.",
        "金鑰保管人的金鑰分持。",
    ),
    "help.fenchi.recipient_key": (
        "A recipient's secret key.",
        "受託人的私鑰。",
    ),
    "help.fenchi.admin_key": (
        "An admin's secret key: to change who may do what.",
        "管理者的私鑰：變更權限時使用。",
    ),
    "help.fenchi.credential": (
        "Open with the credential of a role, instead of a passphrase or key shares.",
        "以某個角色的存取認證資訊開啟，不用密碼或金鑰分持。",
    ),
    # of several commands
    "help.any.open": (
        'Who can open it, such as "2 of board, OR escrow".',
        '開啟條件，例如 "2 of board, OR escrow"。',
    ),
    "help.any.custodian": (
        "A custodian, and perhaps a deputy, in the order of the shares.",
        "金鑰保管人，可加上代理人；依金鑰分持的順序列出。",
    ),
    "help.any.recipient": (
        "A recipient's public key.",
        "受託人的公鑰。",
    ),
    "help.any.shares": (
        "Where the new key shares go, one file each.",
        "新的金鑰分持存放的目錄，每份一個檔案。",
    ),
    "help.any.new_passphrase": (
        "Take a new passphrase from a file, fd:N or keyring:NAME. Otherwise you are asked.",
        "從檔案、fd:N 或 keyring:名稱 讀取新密碼。未指定時在畫面上詢問。",
    ),
    "help.any.keep_passphrase": (
        "Keep the passphrase that opens it now, where it is certain whose it is.",
        "沿用目前的密碼（僅限能確定屬於哪個名稱時）。",
    ),
    "help.any.proposal": (
        "Where the proposal goes, if several admins must sign. Otherwise it is named here.",
        "須由多位管理者簽署時，變更案存成的檔案。未指定時存在目前目錄。",
    ),
    "help.any.typed": (
        "Type pages, line by line; each line is checked at once.",
        "照著紙本逐行輸入；每一行立即檢查。",
    ),
    "help.any.format": (
        "txt, pdf or html.",
        "格式：txt、pdf 或 html。",
    ),
    "help.any.with_passphrase": (
        "A passphrase is needed as well: ask for it.",
        "另外還需要密碼：在畫面上詢問。",
    ),
    "help.any.target": (
        "Restore to this directory at once.",
        "立即還原到這個目錄。",
    ),
    # key
    "help.key": (
        "Who can open the vault, and how that changes.",
        "誰能開啟保存庫，以及如何變更。",
    ),
    "help.key.show": (
        "Say in words who can, or could on a day, open the vault, alone or together.",
        "以文字說明誰能開啟保存庫（或在某一天能開啟），是單獨還是要會同他人。",
    ),
    "help.key.show.at": (
        "Who could on that day: YYYY-MM-DD, or a moment.",
        "改為說明那一天誰能開啟：西元 YYYY-MM-DD，或某個時刻。",
    ),
    "help.key.show.key_domain": (
        "Who can read this key domain. Otherwise all are told.",
        "誰能讀取這個金鑰領域。未指定時說明全部。",
    ),
    "help.key.rotate": (
        "New keys for what will be written: as vault.toml says, or --open.\n\n"
        "What was written before stays readable with the old keys and shares.",
        "輪替：之後寫入的資料改用新的金鑰，條件依 vault.toml 或 --open。\n\n"
        "之前寫入的資料，舊的金鑰與金鑰分持仍然打得開。",
    ),
    "help.key.add": (
        "Add another way to open the vault, besides those that there are.\n\n"
        "Its custodians and recipients stand in vault.toml.",
        "在現有方案之外，增加一種開啟保存庫的方案。\n\n其金鑰保管人與受託人寫在 vault.toml。",
    ),
    "help.key.add.expression": (
        'Such as "2 of board" or "escrow".',
        '開啟條件，例如 "2 of board" 或 "escrow"。',
    ),
    "help.key.recipient": (
        "Make a recipient's key pair: a file to keep, and a public key for vault.toml.",
        "產生受託人的一對金鑰：私鑰存檔保管，公鑰寫入 vault.toml。",
    ),
    "help.key.recipient.path": (
        "Gets the secret key.",
        "私鑰存成的檔案。",
    ),
    "help.key.credential": (
        "Write a credential: what one role needs and nothing more.",
        "產生存取認證資訊：只含某個角色所需，別無其他。",
    ),
    "help.key.credential.role": (
        "The role. For write: see fenchi writer add.",
        "角色。寫入（write）請用 fenchi writer add。",
    ),
    "help.key.credential.path": (
        "Gets the credential.",
        "存取認證資訊存成的檔案。",
    ),
    "help.key.credential.key_domain": (
        "For read: what it reads. Otherwise everything.",
        "讀取角色能讀的金鑰領域。未指定時為全部。",
    ),
    "help.key.revoke": (
        "Take custodians, recipients or writers out.",
        "移除金鑰保管人、受託人或寫入者。",
    ),
    "help.key.revoke.custodian": (
        "Rotate to new shares, without one custodian.\n\n"
        "All others get new shares; old ones open nothing that is written from then on, and still "
        "what was written before.",
        "移除一位金鑰保管人，其他人換發新的金鑰分持。\n\n"
        "舊的金鑰分持打不開之後寫入的資料，但之前寫入的仍打得開。",
    ),
    "help.key.revoke.custodian.holder": (
        "As in vault.toml and fenchi key show.",
        "姓名，同 vault.toml 與 fenchi key show 所列。",
    ),
    "help.key.revoke.custodian.group_name": (
        "The group, where the holder is in several.",
        "若此人屬於多個群組，指定是哪一個。",
    ),
    "help.key.revoke.custodian.successor": (
        "Who takes the place.",
        "接任的人。",
    ),
    "help.key.revoke.custodian.deputy": (
        "The successor's deputy.",
        "接任者的代理人。",
    ),
    "help.key.revoke.recipient": (
        "Rotate to keys that a recipient's key does not open.\n\n"
        "What was written before stays readable with it.",
        "移除一位受託人，改用其金鑰打不開的新金鑰。\n\n之前寫入的資料，其金鑰仍打得開。",
    ),
    "help.key.revoke.recipient.name": (
        "As in vault.toml.",
        "名稱，同 vault.toml 所列。",
    ),
    "help.key.revoke.writer": (
        "Take hosts the right to write; what they wrote stays.\n\n"
        "Take their credentials at the providers, too.",
        "撤銷主機的寫入權；已寫入的備份保留。\n\n請一併收回其在各儲存處的存取認證資訊。",
    ),
    "help.any.writers": ("Ids or labels.", "寫入者的識別碼或標籤。"),
    "help.key.split": (
        "Hold a key ceremony: each custodian in turn gets a share and confirms it.\n\n"
        "Nothing changes in the vault until all have confirmed.",
        "舉行金鑰儀式：每位金鑰保管人輪流領取自己的金鑰分持，並加以確認。\n\n"
        "全部確認之前，保存庫不會有任何變更。",
    ),
    "help.key.split.to": (
        "A folder for each share is made here. Otherwise you are asked for each.",
        "在這裡為每一份金鑰分持建立一個資料夾。未指定時逐一詢問。",
    ),
    "help.key.split.print_with": (
        "Print each page with this command, which gets the PDF on its stdin.",
        "以這個指令列印每一頁；PDF 會送到它的標準輸入。",
    ),
    "help.key.split.rotate": (
        "Instead of all there is: old ways open nothing new.",
        "取代現有的所有方案：舊方案打不開之後寫入的資料。",
    ),
    "help.key.split.card": (
        "Where the new recovery card is written.",
        "新的復原卡存放的目錄。",
    ),
    "help.key.combine": (
        "Bring shares together: say what each is worth, name bad ones, and open the vault.",
        "彙集金鑰分持：說明每一份能不能用，指出有問題的，並開啟保存庫。",
    ),
    "help.key.combine.share": (
        "Share files, or scans of pages, in any order.",
        "金鑰分持的檔案或紙本掃描檔，順序不拘。",
    ),
    "help.key.combine.card": (
        "A recovery card: tells old and foreign shares at once.",
        "復原卡：可立即辨認舊的或其他保存庫的金鑰分持。",
    ),
    "help.key.check": (
        "Prove alone that your share is whole and of the current epoch.\n\nShows nothing of it.",
        "單獨檢查自己的金鑰分持是否完好、是否屬於目前的金鑰世代。\n\n不會顯示其內容。",
    ),
    "help.key.check.share": (
        "A share file, or a scan of the page.",
        "金鑰分持的檔案，或紙本的掃描檔。",
    ),
    "help.key.check.card": (
        "Compare with this recovery card.",
        "與這張復原卡比對。",
    ),
    "help.attest": (
        "Open and compare what other hosts stored, so that this one need not store it again.\n\n"
        "A host that only writes is not believed without: it may claim what it never stored.",
        "開啟並比對其他主機存入的資料，本機就不必重複上傳。\n\n"
        "只能寫入的主機不能直接採信：它可能聲稱存過其實沒有存的資料塊。",
    ),
    # domain, writer, admin, rekey
    "help.domain": (
        "Key domains: data that one read key opens.",
        "金鑰領域：同一把讀取金鑰所能開啟的資料。",
    ),
    "help.domain.add": (
        "Add a key domain for backup --key-domain.",
        "增加一個金鑰領域，供 backup --key-domain 使用。",
    ),
    "help.domain.add.label": (
        "Its name, usually that of a module.",
        "名稱，通常是功能模組的名稱。",
    ),
    "help.domain.add.read_credential": (
        "Also write the credential that reads it alone.",
        "另外產生只能讀取這個領域的存取認證資訊。",
    ),
    "help.domain.list": (
        "List the key domains, and say what moving a module to another one means.",
        "列出金鑰領域，並說明把功能模組移到另一個領域代表什麼。",
    ),
    "help.writer": (
        "Hosts that write backups, and their credentials.",
        "寫入備份的主機，及其存取認證資訊。",
    ),
    "help.writer.add": (
        "Let a host write backups that it cannot read or delete.\n\n"
        "The credential is one file, for that host alone: two hosts with one credential are "
        "refused. At the providers, too, give it rights to add and not to delete.\n\n"
        "Where several admins must approve, it becomes valid once they have, and the proposal is "
        "published; until then each command that is given it says how many approvals it needs.",
        "讓一台主機可以寫入備份，但不能讀取、也不能刪除。\n\n"
        "存取認證資訊是一個檔案，只給那台主機使用：兩台主機共用一份會被拒絕。"
        "在各儲存處，也請只給它能新增、不能刪除的權限。\n\n"
        "若須由多位管理者核可，則待核可並發布提案之後才生效；"
        "在此之前，使用它的每個指令都會說明還需要幾份核可。",
    ),
    "help.writer.add.path": (
        "Gets the host's credential.",
        "該主機的存取認證資訊存成的檔案。",
    ),
    "help.writer.add.label": (
        "Which host it is, for people.",
        "標籤：說明是哪一台主機。",
    ),
    "help.writer.add.key_domain": (
        "What it may add to. Otherwise everything.",
        "可以寫入的金鑰領域。未指定時為全部。",
    ),
    "help.writer.add.reads": (
        "It reads as well: for a host that restores, not for a server.",
        "同時可以讀取：供還原用的主機，不要用於伺服器。",
    ),
    "help.writer.list": (
        "List the hosts that write, and those that were revoked.",
        "列出寫入備份的主機，以及已撤銷的主機。",
    ),
    "help.writer.revoke": (
        "Take hosts the right to write; what they wrote stays.\n\n"
        "Take their credentials at the providers, too.",
        "撤銷主機的寫入權；已寫入的備份保留。\n\n請一併收回其在各儲存處的存取認證資訊。",
    ),
    "help.admin": (
        "Changes that the vault's admins sign.",
        "由保存庫的管理者簽署的變更。",
    ),
    "help.admin.key": (
        "Make an admin's key pair: a file to keep, and a public key for admin propose.",
        "產生管理者的一對金鑰：私鑰存檔保管，公鑰供 admin propose 使用。",
    ),
    "help.admin.key.path": ("Gets the secret key.", "私鑰存成的檔案。"),
    "help.admin.propose": (
        "Change the policy, or write the proposal that the admins must sign.\n\n"
        "Rotations and new ways to open are proposed by key rotate, key add and key revoke.",
        "變更政策；須由多位管理者簽署時，產生變更案。\n\n"
        "輪替與增加開啟方案，請用 key rotate、key add 與 key revoke。",
    ),
    "help.admin.propose.threshold": (
        "How many admins must sign from then on.",
        "今後須由幾位管理者簽署。",
    ),
    "help.admin.propose.admin": (
        "An admin's public key; name all of them.",
        "管理者的公鑰；請列出全部的管理者。",
    ),
    "help.admin.propose.close_former": (
        "What former admins sign from now on counts no more.",
        "卸任的管理者今後的簽署不再算數。",
    ),
    "help.admin.propose.add_domain": (
        "A new key domain.",
        "新增的金鑰領域。",
    ),
    "help.admin.propose.add_writer": (
        "A host that writes only, to all key domains; the file gets its credential.",
        "新增只能寫入的主機，可寫入所有金鑰領域；檔案用來存放其存取認證資訊。",
    ),
    "help.admin.propose.revoke_writer": (
        "A host that writes no more: its id or label.",
        "撤銷寫入權的主機：識別碼或標籤。",
    ),
    "help.admin.review": (
        "Say in sentences what a proposal changes: read it before you approve.",
        "逐句說明變更案的內容：同意之前請先閱讀。",
    ),
    "help.admin.approve": (
        "Sign a proposal with --admin-key: one file to send back.\n\nReview the proposal first.",
        "以 --admin-key 簽署變更案，產生一個檔案送回。\n\n請先閱讀變更案。",
    ),
    "help.admin.approve.output": (
        "Gets the approval.",
        "簽署結果存成的檔案。",
    ),
    "help.admin.publish": (
        "Make a proposal count that enough admins approved; your key counts as one of them.",
        "公布已有足夠管理者簽署的變更案，使其生效；您的金鑰也算一位。",
    ),
    "help.admin.publish.approvals": (
        "The files of admin approve.",
        "admin approve 產生的檔案。",
    ),
    "help.admin.review.proposal": ("The file of admin propose.", "admin propose 產生的檔案。"),
    "help.admin.approve.proposal": ("The file of admin propose.", "admin propose 產生的檔案。"),
    "help.admin.publish.proposal": ("The file of admin propose.", "admin propose 產生的檔案。"),
    "help.rekey": (
        "Say what lies at the providers that the keys of earlier epochs still read.",
        "說明各儲存處還有哪些資料，用先前各世代的金鑰仍然讀得到。",
    ),
    "help.rekey.rewrite": (
        "Not in this version: it takes prune, which is not there yet.",
        "這個版本尚未提供：需要先有清理（prune）功能。",
    ),
    # card, recover
    "help.card": (
        "Write the recovery card: one page, nothing secret, enough for a clean machine.",
        "產生復原卡：只有一頁，不含機密，在全新的電腦上就夠用。",
    ),
    "help.card.to": ("Where it is written.", "存放的目錄。"),
    "help.recover": (
        "Start from a recovery card on a clean machine: open the vault, and go on to restore.",
        "在全新的電腦上，從復原卡開始：開啟保存庫，接著還原。",
    ),
    "help.recover.item": (
        "The card and the shares: files or scans, in any order. Without a card you type its lines.",
        "復原卡與金鑰分持的檔案或掃描檔，順序不拘。沒有復原卡檔案時，改為逐行輸入。",
    ),
    "help.recover.provider": (
        "A provider, instead of what the card says.",
        "儲存處；取代復原卡上所寫的。",
    ),
    "help.recover.accept_older": (
        "Go on though the providers serve less than the card knows of.",
        "即使儲存處提供的內容比復原卡所記載的舊，仍然繼續。",
    ),
}
