"""What --help, the man page and the completion say of each command and each of its parameters.

"help.provider.check" is the command `fenchi provider check`, "help.provider.check.keep" its option
--keep; "help.any.NAME" stands for the parameter NAME of all commands without a text of their own.
"help.fenchi" is the program, "help.fenchi.NAME" a global option. The first paragraph is the one
that lists of commands show.
"""

from __future__ import annotations

TEXTS = {
    # what stands around the texts
    "page.usage": ("Usage: {usage}", "用法：{usage}"),
    "page.arguments": ("Arguments:", "引數："),
    "page.options": ("Options:", "選項："),
    "page.commands": ("Commands:", "指令："),
    "page.options_here": ("[OPTIONS]", "[選項]"),
    "page.command_here": ("COMMAND ...", "指令 ..."),
    "page.value": ("VALUE", "值"),
    "page.default": ("default: {value}", "預設：{value}"),
    "page.variable": ("or set {name}", "或設定環境變數 {name}"),
    "page.remarks": (" [{remarks}]", "（{remarks}）"),
    "page.separator": ("; ", "；"),
    "page.examples": ("Examples:", "範例："),
    "page.repeatable": ("may be given several times", "可重複指定"),
    "page.required": ("required", "必填"),
    "page.help": ("Show this page.", "顯示本說明。"),
    # the program
    "help.fenchi": (
        "Encrypted backups in shards: any k of n providers give all back, fewer give nothing.\n\n"
        "What a command does, and with which options: fenchi COMMAND --help",
        "加密的分持備份：n 個儲存處之中，任何 k 個就能取回全部資料；不到 k 個，什麼都讀不出來。\n\n"
        "想知道某個指令的作用與選項，請執行：fenchi 指令 --help",
    ),
    "help.fenchi.config": (
        "The vault's configuration.",
        "保存庫的設定檔。",
    ),
    "help.fenchi.lang": (
        "Language: en or zh-TW. Otherwise the one of vault.toml, else the system's.",
        "語言：en 或 zh-TW。未指定時依 vault.toml，再依系統的語言設定。",
    ),
    "help.fenchi.json": (
        "One JSON document on stdout, progress on stderr: for programs.",
        "供程式使用：標準輸出只有一份 JSON 文件，進度寫到標準錯誤輸出。",
    ),
    "help.fenchi.password_file": (
        "Take the passphrase from a file, fd:N or keyring:NAME (or set FENCHI_PASSWORD_FILE).",
        "從檔案、fd:N 或 keyring:名稱 讀取密碼（也可設定環境變數 FENCHI_PASSWORD_FILE）。",
    ),
    "help.fenchi.version": ("Show the version.", "顯示版本。"),
    "help.fenchi.install_completion": (
        "Let this shell complete commands and options from now on.",
        "讓目前使用的命令列環境（shell）從此能以 Tab 鍵補全指令與選項。",
    ),
    "help.fenchi.show_completion": (
        "Show the completion for this shell, to be stored by hand.",
        "顯示目前命令列環境（shell）的補全設定，供自行存檔。",
    ),
    # of several commands
    "help.any.snapshot": (
        "An id, its first characters, or latest, or latest:LABEL.",
        "備份快照：識別碼、識別碼的前幾碼、latest（最新），或 latest:標籤。",
    ),
    "help.any.absent": (
        "Do without this provider.",
        "假設這個儲存處不能用。",
    ),
    "help.any.usage": (
        "Show what went to and from each provider.",
        "顯示每個儲存處的傳輸量。",
    ),
    "help.any.key_domain": (
        "The key domain that the data belongs to; otherwise the vault's first.",
        "資料所屬的金鑰領域；未指定時用保存庫的第一個。",
    ),
    "help.any.medium": (
        "A file, or a directory for several files.",
        "媒體上的檔案；若有多個檔案，則為目錄。",
    ),
    # init
    "help.init": (
        "Make a vault: from a vault.toml that you wrote, or from options that write one.",
        "建立保存庫：依事先寫好的 vault.toml，或依選項產生一份。",
    ),
    "help.init.provider": (
        "A provider: NAME=DIRECTORY or NAME=URL.",
        "儲存處：名稱=目錄，或 名稱=URL。",
    ),
    "help.init.name": ("What this vault is for.", "保存庫的名稱，說明用途。"),
    "help.init.needed": (
        "How many providers give everything back (k).",
        "幾個儲存處就能取回全部資料（k）。",
    ),
    "help.init.suite": (
        "The cipher: aes256gcm or chacha20poly1305. Otherwise the faster one here.",
        "加密演算法：aes256gcm 或 chacha20poly1305。未指定時用本機較快的一種。",
    ),
    "help.init.key_domain": (
        "A key domain: data that one read key opens. The first is the default.",
        "金鑰領域：同一把讀取金鑰所能開啟的資料。第一個是預設值。",
    ),
    "help.init.liars": (
        "How many providers may lie at once.",
        "最多容忍幾個儲存處同時回報不實。",
    ),
    "help.init.spare_losses": (
        "How many more providers may be lost after a backup.",
        "備份之後，另外可容忍幾個儲存處失效。",
    ),
    "help.init.write_quorum": (
        "How many providers a backup must reach.",
        "備份至少要存入幾個儲存處才算成立。",
    ),
    "help.init.home_country": (
        "The home country, two letters (ISO 3166-1), such as TW.",
        "本國的國碼，兩個英文字母（ISO 3166-1），例如 TW。",
    ),
    "help.init.deny_country": (
        "A country where nothing may be stored, two letters.",
        "不得存放資料的國家，以兩個英文字母的國碼表示。",
    ),
    "help.init.relax": (
        "AXIS=GROUND: waives one rule of placement, and says why.",
        "項目=理由：放寬一項存放規則，並載明理由。",
    ),
    "help.init.approver": (
        "Who approved what is waived. Otherwise you.",
        "放寬的核准人。未指定時為目前使用者。",
    ),
    "help.init.relax_until": (
        "When the waiver ends: YYYY-MM-DD.",
        "放寬的截止日期：西元 YYYY-MM-DD。",
    ),
    # backup, snapshots, ls, cat
    "help.backup": (
        "Back up files and directories, or a stream with --stdin --name NAME.",
        "備份檔案與目錄；或以 --stdin --name 名稱 備份由管線送入的資料。",
    ),
    "help.backup.paths": ("Files and directories.", "要備份的檔案與目錄。"),
    "help.backup.label": (
        "A label for people, and for latest:LABEL.",
        "標籤：方便辨認，也可用 latest:標籤 指定。",
    ),
    "help.backup.exclude": (
        "Leave out what matches this pattern, written as in .gitignore.",
        "排除符合這個樣式的項目，寫法與 .gitignore 相同。",
    ),
    "help.backup.stdin": (
        "Back up what comes by pipe, such as a database dump.",
        "備份由管線送入的資料，例如資料庫匯出檔。",
    ),
    "help.backup.name": (
        "The file name under which the stream is stored.",
        "由管線送入的資料存成什麼檔名。",
    ),
    "help.backup.compression": (
        "How hard to compress; 0 is not at all.",
        "壓縮程度；0 表示不壓縮。",
    ),
    "help.backup.rescan": (
        "Read unchanged files, too.",
        "沒有變動的檔案也重新讀取。",
    ),
    "help.backup.lock_days": (
        "Nobody can delete the backup for so many days from providers that can lock objects. "
        "Otherwise `lock_days` in vault.toml.",
        "在這麼多天之內，任何人都無法從可鎖定物件的儲存處刪除這次備份。"
        "未指定時依 vault.toml 的 `lock_days`。",
    ),
    "help.backup.profile": ("Say where the time went.", "列出時間花在哪裡。"),
    "help.snapshots": ("List snapshots, oldest first.", "列出備份快照，由舊到新。"),
    "help.ls": (
        "List a snapshot, or a directory in it.",
        "列出備份快照的內容，或其中一個目錄的內容。",
    ),
    "help.ls.path": ("A path in the snapshot.", "備份快照裡的路徑。"),
    "help.ls.recursive": ("All that lies below, too.", "連同下層全部列出。"),
    "help.cat": (
        "Write one file's content to stdout.\n\nWith --json, an error's document goes to stderr.",
        "把一個檔案的內容寫到標準輸出。\n\n使用 --json 時，錯誤的 JSON 文件寫到標準錯誤輸出。",
    ),
    "help.cat.path": ("A file in the snapshot.", "備份快照裡的檔案。"),
    # restore
    "help.restore": (
        "Restore a snapshot, or a part of it, below a directory.\n\n"
        "A backup of /srv/ledger becomes TARGET/ledger. What is there already and is the same is "
        "kept: after an interruption, run the same command again.",
        "把備份快照的全部或一部分還原到指定的目錄。\n\n"
        "備份 /srv/ledger，會還原成「目標目錄/ledger」。已經還原而且相同的檔案會保留："
        "中斷之後，再執行一次同樣的指令即可接續。",
    ),
    "help.restore.target": (
        "A directory; made when missing.",
        "目標目錄；沒有就自動建立。",
    ),
    "help.restore.include": (
        "Only what matches this pattern, written as in .gitignore.",
        "只還原符合這個樣式的項目，寫法與 .gitignore 相同。",
    ),
    "help.restore.overwrite": (
        "Replace what is there and differs.",
        "目標目錄中已有而內容不同的檔案，予以取代。",
    ),
    "help.restore.keep_setuid": (
        "Keep setuid and setgid bits.",
        "保留 setuid 與 setgid 權限位元。",
    ),
    "help.restore.devices": ("Make devices, too.", "裝置檔也一併還原。"),
    # verify, repair, status
    "help.verify": (
        "Look for missing and damaged objects, and whether locks still hold. Changes nothing.",
        "檢核：查看有無缺少或損壞的物件，鎖定是否仍然有效。只讀取，不做任何變更。",
    ),
    "help.verify.depth": (
        "exists: sizes only; tags: every byte; data: decrypted and compared.",
        "檢核深度。exists：只看大小；tags：檢查每個位元組；data：解密並比對內容。",
    ),
    "help.repair": (
        "Verify, then write again what is missing or damaged, from the good shards.",
        "修復：先檢核，再由完好的分持檔補寫缺少或損壞的部分。",
    ),
    "help.repair.depth": (
        "How deep to look first: see verify.",
        "先檢核到什麼深度：同 verify 指令。",
    ),
    "help.status": (
        "Show the vault: providers, quorums, placement, unfinished backups.",
        "顯示保存庫的狀況：儲存處、寫入門檻、存放配置、未完成的備份。",
    ),
    # drill
    "help.drill": (
        "Rehearse: restore to scratch without some providers, compare everything, take the time.",
        "演練：假設部分儲存處失效，還原到暫存處，全部比對，並計時。",
    ),
    "help.drill.rto": (
        "Target for the time to restore, such as 4h.",
        "復原時間目標（RTO），例如 4h 表示 4 小時。",
    ),
    "help.drill.rpo": (
        "Target for the age of the data, such as 24h.",
        "資料復原點目標（RPO），例如 24h 表示 24 小時。",
    ),
    "help.drill.scratch": (
        "Where to restore to. Otherwise the system's directory for temporary files.",
        "還原到哪個目錄。未指定時用系統的暫存目錄。",
    ),
    # provider
    "help.provider": (
        "Providers one by one: what a place can do, and media that are carried to one.",
        "個別儲存處：某處具備什麼能力，以及以人攜帶至某處的媒體。",
    ),
    "help.provider.check": (
        "Test whether places keep the promises that fenchi needs, and what each can do.\n\n"
        "Of several places, whether two are one, too.",
        "測試儲存處是否符合 fenchi 的需要，以及各有什麼能力。\n\n"
        "指定多個時，也會測試其中是否有兩個其實是同一個地方。",
    ),
    "help.provider.check.urls": ("Directories or URLs.", "目錄或 URL。"),
    "help.provider.check.keep": (
        "Do not delete; leaves about 20 MiB there.",
        "不刪除測試資料；會在該處留下約 20 MiB。",
    ),
    "help.provider.check.retain": (
        "Also lock one object for so many seconds; nobody can remove it before.",
        "另外鎖定一個物件，單位為秒；到期之前任何人都無法刪除。",
    ),
    "help.provider.courier": (
        "Media that are carried to a provider which no line reaches.",
        "遞送媒體：網路到不了的儲存處，由人員攜帶媒體前往。",
    ),
    "help.provider.courier.export": (
        "Write what a provider lacks to a medium, rebuilt from the others.\n\n"
        "Counts for nothing until it is imported there.",
        "把某個儲存處缺少的物件，由其他儲存處重建後寫到媒體上。\n\n在該處匯入之前，都不算數。",
    ),
    "help.provider.courier.export.provider": (
        "The provider's name in the vault.",
        "儲存處在保存庫中的名稱。",
    ),
    "help.provider.courier.export.medium": (
        "A file, or a directory. Otherwise the provider's courier: URL.",
        "媒體上的檔案或目錄。未指定時，依該儲存處 courier: 開頭的 URL。",
    ),
    "help.provider.courier.check": (
        "Read a whole medium: is all of it there, and undamaged?\n\n"
        "Needs no vault and no passphrase.",
        "讀取整個媒體，查看是否齊全、有無損壞。\n\n不需要保存庫，也不需要密碼。",
    ),
    "help.provider.courier.import": (
        "Store what a medium carries for a provider.\n\n"
        "Overwrites nothing; run again, it goes on where it stopped.",
        "把媒體上的物件存入儲存處。\n\n不會覆寫任何東西；中斷之後再執行一次即可接續。",
    ),
    "help.provider.courier.import.place": (
        "The provider: a name of vault.toml, a directory, or a URL.",
        "儲存處：vault.toml 中的名稱、目錄，或 URL。",
    ),
    "help.provider.courier.import.destination": (
        "The provider's id, where the place is empty and it is not clear which one is meant.",
        "儲存處的識別碼；該處是空的、無法判斷是哪一個時才需要。",
    ),
}
