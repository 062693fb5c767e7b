"""Who can open a vault, who may write to it, and how that changes."""

from __future__ import annotations

TEXTS = {
    # secrets as files
    "secret.unreadable": ("cannot read {path}: {why}", "無法讀取 {path}：{why}"),
    "secret.unwritable": ("cannot write {path}: {why}", "無法寫入 {path}：{why}"),
    "secret.too_large": (
        "{path} is larger than any secret of fenchi",
        "{path} 過大，不可能是 fenchi 的機密檔案",
    ),
    "secret.fd_form": (
        "{source!r}: an open descriptor is written fd:3",
        "{source!r}：已開啟的檔案描述子要寫成 fd:3",
    ),
    "secret.no_keyring": (
        "the system's keyring cannot be reached: the Python package keyring is not installed",
        "無法使用系統的金鑰圈：未安裝 Python 套件 keyring",
    ),
    "secret.no_keyring_hint": (
        "pip install 'fenchi[keyring]'",
        "請執行：pip install 'fenchi[keyring]'",
    ),
    "secret.keyring_failed": (
        "the system's keyring did not answer: {why}",
        "系統的金鑰圈沒有回應：{why}",
    ),
    "secret.keyring_empty": (
        "the system's keyring holds no secret called {name} for fenchi",
        "系統的金鑰圈中沒有 fenchi 名為 {name} 的機密",
    ),
    "secret.keyring_empty_hint": (
        "put it there: keyring set fenchi {name}",
        "請先存入：keyring set fenchi {name}",
    ),
    "secret.folder_shared": (
        "others may write in {path}: they could put their own file under this name",
        "其他使用者可以寫入 {path}，可能以自己的檔案冒充",
    ),
    "secret.folder_shared_hint": (
        "choose a directory that is yours alone, such as one made with `mkdir -m 700`",
        "請改用只屬於您的目錄，例如以 `mkdir -m 700` 建立的目錄",
    ),
    "secret.no_owner": (
        "others could read {path}: the file system there knows no owners",
        "其他人可以讀取 {path}：該檔案系統不支援檔案擁有者與權限",
    ),
    "secret.at_provider": (
        "{path} lies in the place of provider {provider}: a secret must not be kept there",
        "{path} 位於儲存處 {provider} 之內：機密不可存放在那裡",
    ),
    "secret.exists": ("{path} exists already", "{path} 已經存在"),
    "secret.exists_hint": (
        "name another file; nothing is overwritten",
        "請指定其他檔名；既有檔案不會被覆寫",
    ),
    "secret.open_to_others": (
        "other users of this host can read {path}: chmod 600 it",
        "本機其他使用者可以讀取 {path}：請執行 chmod 600",
    ),
    "secret.not_a_key": (
        "{path} is no key: 32 bytes, or 64 hexadecimal digits, were expected",
        "{path} 不是金鑰：應為 32 位元組，或 64 個十六進位數字",
    ),
    "passphrase.ask_named": ("Passphrase '{name}'", "密碼「{name}」"),
    # vault.toml
    "toml.open": (
        "who opens it; `fenchi key show` says what holds",
        "誰能開啟；實際情形見 `fenchi key show`",
    ),
    "config.open_place": (
        'cannot write the expression into {path}; write it there yourself: open = "{open}"',
        '無法把開啟條件寫入 {path}；請自行寫入：open = "{open}"',
    ),
    "custody.open": ("vault: open: {why}", "vault 的 open：{why}"),
    "custody.too_few": (
        "{needed} of {group} are asked for, but vault.toml names {there} custodians of {group}",
        "需要 {group} 的 {needed} 份，但 vault.toml 只列出 {there} 位 {group} 的金鑰保管人",
    ),
    "custody.too_few_hint": (
        'add [[custodian]] tables with group = "{group}", or ask for fewer in open',
        '請增加 group = "{group}" 的 [[custodian]] 表，或在 open 中減少所需份數',
    ),
    "custody.unused_recipient": (
        "vault.toml names the recipient {name}, but its open expression does not",
        "vault.toml 列出收件金鑰 {name}，但 open 的條件中沒有它",
    ),
    "custody.unused_group": (
        "vault.toml names custodians of {group}, but its open expression does not",
        "vault.toml 列出 {group} 的金鑰保管人，但 open 的條件中沒有這一組",
    ),
    "custody.key_form": (
        "{where}: a public key has 64 hexadecimal digits; one in a token is p256:04 and 128 more",
        "{where}：公鑰應為 64 個十六進位數字；硬體金鑰裝置中的公鑰為 p256:04 之後再 128 個數字",
    ),
    "custody.holder_twice": (
        "custodians of {group}: the holder {name!r} is empty or there twice",
        "{group} 的金鑰保管人：{name!r} 為空白或重複",
    ),
    "custody.recipient_twice": ("two recipients are called {name}", "有兩個收件金鑰都叫 {name}"),
    "custody.plan_needed": (
        "vault.toml says that the vault is opened by {open}, which takes a custody plan",
        "vault.toml 規定以 {open} 開啟，需要金鑰保管方案",
    ),
    "custody.plan_needed_hint": (
        "pass custody_plan=config.load(path).custody.plan(...), or use `fenchi init`",
        "請傳入 custody_plan=config.load(path).custody.plan(...)，或使用 `fenchi init`",
    ),
    # changes
    "custody.new_passphrase": ("A new passphrase is needed: {name}", "需要新的密碼：{name}"),
    "custody.with_deputy": ("{holder} (deputy: {deputy})", "{holder}（職務代理人：{deputy}）"),
    "custody.joined": ("New among the custodians: {what}", "新增的金鑰保管人：{what}"),
    "custody.left": ("No custodian any more: {what}", "不再是金鑰保管人：{what}"),
    "custody.way_added": ("New way to open: {what}", "新增的開啟方式：{what}"),
    "custody.way_ended": ("Way to open that ends: {what}", "終止的開啟方式：{what}"),
    "custody.share": (
        "Key share for {holder} of {group}: {path}",
        "{group} 的 {holder} 的金鑰分持：{path}",
    ),
    "custody.hand_out": (
        "Give each file to its holder, see that it is kept, then delete it here. Together, as they "
        "lie there now, they open the vault.",
        "請把每個檔案分別交給其保管人，確認已妥善保存後，刪除此處的檔案。"
        "這些檔案現在放在一起，就能開啟保存庫。",
    ),
    "custody.shares_uncertain": (
        "The key shares in {folder} were written before this failed. Keep them until `fenchi key "
        "show` says that the vault is still opened as before: they may be what opens it now.",
        "失敗之前，金鑰分持已寫入 {folder}。在 `fenchi key show` 確認保存庫仍以原來的方式開啟之前，"
        "請務必保留：現在可能要靠它們才能開啟。",
    ),
    "custody.file_changed": ('{path} now says: open = "{open}"', '{path} 已改為：open = "{open}"'),
    "custody.ends_ways": (
        "this would end what opens the vault now: {ways}; {path} may be older than the vault",
        "這會使目前可開啟保存庫的方式失效：{ways}；{path} 可能比保存庫舊",
    ),
    "custody.ends_ways_hint": (
        "look with `fenchi key show`; when it is meant, say it: `fenchi key rotate --open "
        '"{open}"`',
        "請以 `fenchi key show` 查看；確定要這麼做時，請明確指定："
        '`fenchi key rotate --open "{open}"`',
    ),
    "custody.file_later": (
        "Once the admins have signed and it is published, put {later} in the place of {path}: it "
        'says open = "{open}" and names who counts then. Until then the next rotation would bring '
        "back whom this one leaves out.",
        '管理者簽署並發布之後，請以 {later} 取代 {path}：其中 open = "{open}"，'
        "並列出屆時有效的人員。"
        "若不取代，下一次更換金鑰會把這次排除的人又加回來。",
    ),
    "custody.old_factors_now": (
        "Passphrases, key shares, keys and read credentials from before open nothing that is "
        "written from now on. What was written before, they still open for whoever also has enough "
        "providers' copies: rotating takes nothing back.",
        "先前的密碼、金鑰分持、金鑰與讀取用存取認證資訊，無法開啟從現在起寫入的任何資料。"
        "至於之前寫入的資料，持有舊物且取得足夠儲存處副本的人仍能開啟：更換金鑰並不能收回過去。",
    ),
    "custody.old_factors": (
        "Epoch {epoch}: passphrases, key shares, keys and read credentials of earlier epochs open "
        "nothing that is written from its beginning on. What was written before, they still "
        "open for "
        "whoever also has enough providers' copies: rotating takes nothing back.",
        "金鑰第 {epoch} 世代：先前各世代的密碼、金鑰分持、金鑰與讀取用存取認證資訊，"
        "無法開啟此金鑰世代開始後寫入的任何資料。"
        "至於之前寫入的資料，持有舊物且取得足夠儲存處副本的人仍能開啟：更換金鑰並不能收回過去。",
    ),
    "custody.way_exists": (
        "vault.toml has {expression} as a way to open the vault already",
        "vault.toml 已有這個開啟方式：{expression}",
    ),
    "custody.no_custodian": (
        "vault.toml has no custodian {holder}; it has: {known}",
        "vault.toml 中沒有金鑰保管人 {holder}；現有：{known}",
    ),
    "custody.several_groups": (
        "{holder} is a custodian in several groups: say which with --group: {groups}",
        "{holder} 屬於多個組別，請以 --group 指定：{groups}",
    ),
    "custody.no_recipient": (
        "vault.toml has no recipient {name}; it has: {known}",
        "vault.toml 中沒有收件金鑰 {name}；現有：{known}",
    ),
    "custody.nothing_left": (
        "without {name} nothing would open the vault",
        "少了 {name}，就沒有任何方式能開啟保存庫",
    ),
    "custody.nothing_left_hint": (
        "add another way first: fenchi key add EXPRESSION",
        "請先增加其他開啟方式：fenchi key add EXPRESSION",
    ),
    "policy.published": (
        "Published: policy version {version}.",
        "已發布：政策第 {version} 版。",
    ),
    "policy.proposed": (
        "More admins must sign. Proposal for policy version {version}: {path}\n"
        "It changes nothing yet. Each admin: `fenchi admin review {path}`, then `fenchi "
        "--admin-key "
        "FILE admin approve {path}`. Then: `fenchi --admin-key FILE admin publish {path} "
        "APPROVAL...`",
        "還需要其他管理者簽署。政策第 {version} 版的提案：{path}\n"
        "目前尚未變更任何事項。每位管理者請先執行 `fenchi admin review {path}`，再執行 "
        "`fenchi --admin-key FILE admin approve {path}`；最後執行 "
        "`fenchi --admin-key FILE admin publish {path} APPROVAL...`",
    ),
    # key show
    "access.version": (
        "Policy version {version}, epoch {epoch}, signed {time}. The vault is opened by:",
        "政策第 {version} 版，金鑰第 {epoch} 世代，簽署於 {time}。能開啟保存庫的是：",
    ),
    "access.way": ("  {number}. ({people}) {words}", "  {number}. （{people}）{words}"),
    "access.slot": (
        "{who}, with any {needed} of the providers",
        "{who}，加上任 {needed} 個儲存處",
    ),
    "access.passphrase": ("whoever knows the passphrase", "知道密碼的人"),
    "access.holder": ("whoever holds '{name}'", "持有「{name}」的人"),
    "access.providers": (
        "the shares that lie at any {needed} providers",
        "存放在任 {needed} 個儲存處的金鑰分持",
    ),
    "access.group": (
        "any {needed} of the {count} custodians of {group} ({people})",
        "{group} 的 {count} 位金鑰保管人中任 {needed} 位（{people}）",
    ),
    "access.unnamed_group": (
        "any {needed} custodians of {group}",
        "{group} 的任 {needed} 位金鑰保管人",
    ),
    "access.and": (" together with ", "，並且同時有"),
    "access.or": (", or ", "，或者"),
    "access.unknown": (
        "a way that this version cannot describe; it says '{expression}'",
        "本版本無法說明的開啟方式；其內容自稱為「{expression}」",
    ),
    "access.people": ("{count} people together", "至少 {count} 人一起"),
    "access.people_one": ("one person alone", "一人即可"),
    "access.people_none": ("providers alone, no person", "儲存處即可，不需任何人"),
    "access.people_unknown": ("unknown", "不明"),
    "access.domains": (
        "Each of these opens every key domain: {domains}.",
        "以上每一種方式都能開啟所有金鑰領域：{domains}。",
    ),
    "access.domain": (
        "Each of these opens the key domain {domain}, too. Alone, a read credential for it does.",
        "以上每一種方式也都能開啟金鑰領域 {domain}；單憑該領域的讀取用存取認證資訊也能開啟。",
    ),
    "access.credentials": (
        "Besides: whoever holds a read credential that was handed out (`fenchi key credential "
        "read`, "
        "`fenchi domain add`, `fenchi writer add --reads`). The vault keeps no list of read "
        "credentials; a rotation ends them for what is written later.",
        "此外：持有已發出之讀取用存取認證資訊的人（`fenchi key credential read`、`fenchi "
        "domain add`、"
        "`fenchi writer add --reads`）。保存庫不記錄發給了誰；更換金鑰後，"
        "它們無法讀取之後寫入的資料。",
    ),
    "access.admins": (
        "Changes of the policy are signed by {threshold} of {total} admins:",
        "政策變更須由 {total} 位管理者中的 {threshold} 位簽署：",
    ),
    "access.admin": ("  {key}", "  {key}"),
    # keys and credentials
    "key.recipient": (
        "Secret key: {path}. Keep it; without a copy it is gone for good.\n"
        "Public key, for `key` of a [[recipient]] in vault.toml: {key}",
        "私密金鑰：{path}。請妥善保存；沒有副本就永遠遺失。\n"
        "公開金鑰（填入 vault.toml 中 [[recipient]] 的 `key`）：{key}",
    ),
    "key.credential_read": (
        "Read credential: {path}. Whoever holds it, with enough providers, reads what it is for.",
        "讀取用存取認證資訊：{path}。持有者只要取得足夠的儲存處，就能讀取其所屬資料。",
    ),
    "key.credential_verify": (
        "Verify credential: {path}. It checks and repairs every shard and decrypts nothing.",
        "檢核用存取認證資訊：{path}。可檢查並修復所有分持檔，但無法解密任何資料。",
    ),
    "key.credential_admin": (
        "Admin credential: {path}. It signs changes of the policy and reads nothing.",
        "管理用存取認證資訊：{path}。可簽署政策變更，但無法讀取任何資料。",
    ),
    # attest
    "phase.attest": ("Looking into packs", "查核資料包"),
    "attest.done": (
        "Vouched for {packs} packs with {chunks} chunks, {bytes} read, in {seconds}; {before} were "
        "vouched for before.",
        "已查核並背書 {packs} 個資料包，內含 {chunks} 個資料塊，讀取 {bytes}，費時 {seconds}；"
        "先前已背書 {before} 個。",
    ),
    "attest.refused": (
        "NOT what it says it is: {what}",
        "內容與其聲稱不符：{what}",
    ),
    # rekey
    "rekey.needs_prune": (
        "re-encrypting what is stored takes nothing from old keys while the old packs lie at the "
        "providers, and this version cannot delete them: it has no prune",
        "只要舊的資料包還在儲存處，重新加密就無法使舊金鑰失效；本版本尚無清除功能（prune），"
        "不能刪除舊資料包",
    ),
    "rekey.needs_prune_hint": (
        "fenchi rekey tells what old keys read; to end that today, back up into a new vault "
        "and have "
        "the providers delete the old one",
        "fenchi rekey 可列出舊金鑰能讀的資料；若現在就要斷絕，請備份到新的保存庫，"
        "並要求各儲存處刪除舊的保存庫",
    ),
    "rekey.old": (
        "Keys of epochs before {epoch} still read their packs, with enough providers, and so what "
        "later snapshots re-use of them. Nothing in this version takes that back.",
        "金鑰第 {epoch} 世代之前的金鑰，只要有足夠的儲存處，仍可讀取各自的資料包，"
        "以及之後的備份快照所沿用的部分。"
        "本版本沒有方法可以收回。",
    ),
    "rekey.none": (
        "Nothing was written before epoch {epoch}: earlier keys read nothing.",
        "金鑰第 {epoch} 世代之前沒有寫入任何資料：先前的金鑰讀不到任何內容。",
    ),
    # roles
    "role.none": ("Role needed: none; no vault is opened.", "所需角色：無；不會開啟保存庫。"),
    "role.own": (
        "Role needed: none; the key shares that you bring are what counts.",
        "所需角色：無；以您帶來的金鑰分持為準。",
    ),
    "role.any": ("Role needed: any.", "所需角色：任一角色。"),
    "role.read": (
        "Role needed: read (a slot, or --credential of the read role).",
        "所需角色：read（以開啟方式開啟，或使用 read 角色的 --credential）。",
    ),
    "role.write": (
        "Role needed: write (a slot, or --credential of the read or write role).",
        "所需角色：write（以開啟方式開啟，或使用 read 或 write 角色的 --credential）。",
    ),
    "role.verify": (
        "Role needed: verify (a slot, or --credential of the verify role).",
        "所需角色：verify（以開啟方式開啟，或使用 verify 角色的 --credential）。",
    ),
    "role.admin": (
        "Role needed: admin (--admin-key besides what opens the vault, or --credential of the "
        "admin "
        "role; a slot suffices where there is one admin).",
        "所需角色：admin（開啟保存庫之外另加 --admin-key，或使用 admin 角色的 --credential；"
        "只有一位管理者時，以開啟方式開啟即可）。",
    ),
    "role.slot": (
        "Role needed: a slot and admin (--admin-key besides; a slot suffices where there is one "
        "admin).",
        "所需角色：以開啟方式開啟，並具有 admin 角色（另加 --admin-key；"
        "只有一位管理者時不必另加）。",
    ),
    # domains
    "domain.unknown": (
        "no key domain is called {domain}; there are: {known}",
        "沒有名為 {domain} 的金鑰領域；現有：{known}",
    ),
    "domain.credential": (
        "Read credential for {domain} alone: {path}. Give it to whoever restores that module.",
        "僅能讀取 {domain} 的存取認證資訊：{path}。請交給負責還原該模組的人。",
    ),
    "domain.credential_later": (
        "Its read credential can be written once the proposal is published: fenchi key credential "
        "read FILE --key-domain {domain}",
        "提案發布之後才能產生其讀取用存取認證資訊：fenchi key credential read FILE "
        "--key-domain {domain}",
    ),
    "domain.moving": (
        "To move a module to another key domain, back it up with --key-domain from then on. "
        "What was "
        "backed up before stays in the domain where it is, readable to its old readers; the first "
        "backup in the new domain stores everything again, since nothing is shared between "
        "domains.",
        "要把模組移到另一個金鑰領域，從此以 --key-domain 備份到新領域即可。先前的備份仍留在原領域，"
        "原來能讀的人依然能讀；各領域之間不共用資料，因此在新領域的第一次備份會重新儲存全部內容。",
    ),
    # writers
    "writer.added": (
        "Credential for the backup host: {path}. Move it there and delete it here. It writes and "
        "cannot read back; one host alone may use it.",
        "備份主機的存取認證資訊：{path}。請移到該主機並刪除此處的檔案。只能寫入，無法讀回；"
        "一份只能供一台主機使用。",
    ),
    "writer.added_reads": (
        "Credential for a host that reads and writes: {path}. Move it there and delete it here.",
        "可讀寫之主機的存取認證資訊：{path}。請移到該主機並刪除此處的檔案。",
    ),
    "writer.waits": (
        "{path} is NOT VALID YET: it becomes valid with policy version {version}, once {needed} of "
        "the vault's {total} admins have approved {proposal} and one of them has published it. "
        "Until then every command refuses it and says so; afterwards the same file works.",
        "{path} 目前尚未生效：須由本保存庫 {total} 位管理者中的 {needed} 位核可 {proposal}，"
        "並由其中一位發布為政策第 {version} 版之後才生效。在此之前所有指令都會拒絕並說明原因；"
        "生效之後，同一檔案即可使用。",
    ),
    "writer.waits_writes": (
        "Guard it from now on all the same: the keys in it name and find the vault's objects.",
        "即使尚未生效，也請從現在起妥善保管：其中的金鑰可辨識並找到保存庫的物件。",
    ),
    "writer.waits_reads": (
        "Guard it from now on all the same: it holds read keys, and other software would use them.",
        "即使尚未生效，也請從現在起妥善保管：其中含有讀取金鑰，其他軟體仍可能使用。",
    ),
    "writer.own": ("(registered itself)", "（自行登記）"),
    "writer.reads": ("reads and writes", "讀取與寫入"),
    "writer.writes_only": ("writes only", "僅能寫入"),
    "writer.active": ("active", "有效"),
    "writer.revoked": ("revoked", "已撤銷"),
    "writer.revoked_now": (
        "Once that is published, new backups of these hosts count for nothing; what they wrote "
        "before stays. Change their credentials at the providers as well.",
        "發布之後，這些主機的新備份一律不算數；先前寫入的資料不受影響。"
        "請同時更換它們在各儲存處的存取認證資訊。",
    ),
    "writer.unknown": (
        "the vault has no active writer {wanted}",
        "保存庫中沒有有效的寫入主機 {wanted}",
    ),
    "writer.several": (
        "several active writers are called {wanted}",
        "有多個有效的寫入主機符合 {wanted}",
    ),
    "writer.unknown_hint": (
        "fenchi writer list names them all",
        "執行 fenchi writer list 可列出全部",
    ),
    # admins
    "admin.key": (
        "Secret key: {path}. Keep it; whoever holds it signs in your name.\n"
        "Public key, for `fenchi admin propose --admin`: {key}",
        "私密金鑰：{path}。請妥善保存；持有者能以您的名義簽署。\n"
        "公開金鑰（供 `fenchi admin propose --admin` 使用）：{key}",
    ),
    "admin.review": ("{path} changes this:", "{path} 會變更下列事項："),
    "admin.review_next": (
        "If that is what you want: fenchi --admin-key FILE admin approve {path}",
        "若同意以上變更，請執行：fenchi --admin-key FILE admin approve {path}",
    ),
    "admin.no_key": (
        "approving needs the admin role: no admin key was given",
        "核可需要 admin 角色：未提供管理者金鑰",
    ),
    "admin.no_key_hint": (
        "name it: fenchi --admin-key FILE admin approve ...",
        "請指定：fenchi --admin-key FILE admin approve ...",
    ),
    "admin.approved": (
        "Approval: {path}. Send it to whoever publishes; it is not secret.",
        "核可檔：{path}。請送交發布者；內容並非機密。",
    ),
    # usage
    "usage.no_passphrase": (
        "--new-passphrase: the expression has no passphrase {name!r}; it has: {known}",
        "--new-passphrase：條件中沒有密碼 {name!r}；現有：{known}",
    ),
    "usage.needs_shares": (
        "the key shares of {groups} need a place: --shares DIR",
        "{groups} 的金鑰分持需要存放位置：--shares DIR",
    ),
    "usage.admins": (
        "give --threshold and every admin's key (--admin KEY, once for each) together",
        "請同時指定 --threshold 與每一位管理者的公開金鑰（--admin KEY，每位一次）",
    ),
    "usage.nothing_proposed": ("nothing was named that should change", "沒有指定任何要變更的事項"),
    "init.keep_custody": (
        "Keep safe, each in another place than the backups:\n"
        "  1. what opens it: {open}\n"
        "  2. {path}, or at least the vault id: it proves that a restore is of your vault\n"
        "  3. the credentials of at least {needed} providers\n"
        "The format's description and an independent reader lie at every provider.",
        "請妥善保存下列各項，且不要與備份放在同一處：\n"
        "  1. 開啟保存庫所需之物：{open}\n"
        "  2. {path}，至少保存保存庫識別碼：它能證明還原的確實是您的保存庫\n"
        "  3. 至少 {needed} 個儲存處的存取認證資訊\n"
        "每個儲存處都放有格式說明文件與獨立的讀取程式。",
    ),
    # columns
    "column.domain": ("key domain", "金鑰領域"),
    "column.snapshots": ("snapshots", "備份快照"),
    "column.epoch": ("epoch", "金鑰世代"),
    "column.packs": ("packs", "資料包"),
    "column.writer": ("writer", "寫入主機"),
    "column.rights": ("may", "權限"),
}
