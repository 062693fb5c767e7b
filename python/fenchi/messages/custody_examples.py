"""Examples of the commands about keys, people and paper; the form is that of examples.py."""

from __future__ import annotations

TEXTS = {
    "example.key.show": (
        "Who can open the vault now?\n"
        "  fenchi key show\n"
        "Who could, on the last day of June?\n"
        "  fenchi key show --at 2026-06-30",
        "現在誰能開啟保存庫？\n"
        "  fenchi key show\n"
        "六月三十日那天，誰能開啟？\n"
        "  fenchi key show --at 2026-06-30",
    ),
    "example.key.rotate": (
        "After vault.toml was changed, or a passphrase became known:\n"
        "  fenchi key rotate --shares /media/shares",
        "修改 vault.toml 之後，或密碼外洩時：\n  fenchi key rotate --shares /media/shares",
    ),
    "example.key.add": (
        "Two of the board, besides what there is:\n"
        '  fenchi key add "2 of board" --shares /media/shares',
        "在現有方案之外，讓 board 群組的任兩位也能開啟：\n"
        '  fenchi key add "2 of board" --shares /media/shares',
    ),
    "example.key.recipient": (
        "At the escrow's own computer:\n  fenchi key recipient escrow.key",
        "在受託人自己的電腦上：\n  fenchi key recipient escrow.key",
    ),
    "example.key.credential": (
        "For a host that only checks:\n  fenchi key credential verify verify.credential",
        "給只負責檢核的主機：\n  fenchi key credential verify verify.credential",
    ),
    "example.key.revoke.custodian": (
        "Lin has left, Chang takes the place:\n"
        "  fenchi key revoke custodian Lin --successor Chang --shares /media/shares",
        "Lin 離職，由 Chang 接任：\n"
        "  fenchi key revoke custodian Lin --successor Chang --shares /media/shares",
    ),
    "example.key.revoke.recipient": (
        "The escrow's key is lost or was seen:\n  fenchi key revoke recipient escrow",
        "受託人的私鑰遺失或外洩：\n  fenchi key revoke recipient escrow",
    ),
    "example.key.revoke.writer": (
        "A backup host was stolen:\n  fenchi key revoke writer web-1",
        "備份主機遭竊：\n  fenchi key revoke writer web-1",
    ),
    "example.key.split": (
        "Three of five, each in turn:\n"
        '  fenchi key split --open "3 of board" --custodian board=Lin/Wu --custodian board=Chen '
        "--custodian board=Huang --custodian board=Tsai --custodian board=Liu",
        "五位之中須三位，逐位領取：\n"
        '  fenchi key split --open "3 of board" --custodian board=Lin/Wu --custodian board=Chen '
        "--custodian board=Huang --custodian board=Tsai --custodian board=Liu",
    ),
    "example.key.combine": (
        "From files and scans, and restore at once:\n"
        "  fenchi key combine lin.txt scan.png chen.txt --restore /restore",
        "用檔案與掃描檔，並立即還原：\n"
        "  fenchi key combine lin.txt scan.png chen.txt --restore /restore",
    ),
    "example.key.check": (
        "Is my share still good?\n  fenchi key check lin.txt --card card.txt",
        "我的金鑰分持還能用嗎？\n  fenchi key check lin.txt --card card.txt",
    ),
    "example.attest": (
        "Once a week, on a host that reads:\n  fenchi attest",
        "每週一次，在可以讀取的主機上執行：\n  fenchi attest",
    ),
    "example.domain.add": (
        "Payroll, with a credential that reads it alone:\n"
        "  fenchi domain add payroll --read-credential payroll.credential",
        "薪資資料自成一個領域，並產生只能讀取它的存取認證資訊：\n"
        "  fenchi domain add payroll --read-credential payroll.credential",
    ),
    "example.domain.list": (
        "Which are there?\n  fenchi domain list",
        "查看有哪些金鑰領域：\n  fenchi domain list",
    ),
    "example.writer.add": (
        "For the web server, which must not read back:\n"
        "  fenchi writer add web-1.credential --label web-1",
        "給網站伺服器，只能寫入、不能讀回：\n  fenchi writer add web-1.credential --label web-1",
    ),
    "example.writer.list": (
        "Who writes into this vault?\n  fenchi writer list",
        "查看哪些主機會寫入這個保存庫：\n  fenchi writer list",
    ),
    "example.writer.revoke": (
        "The web server was stolen:\n  fenchi writer revoke web-1",
        "網站伺服器遭竊：\n  fenchi writer revoke web-1",
    ),
    "example.admin.key": (
        "At the admin's own computer:\n  fenchi admin key lin.admin",
        "在管理者自己的電腦上：\n  fenchi admin key lin.admin",
    ),
    "example.admin.propose": (
        "A new key domain, which several admins must sign:\n"
        "  fenchi --admin-key lin.admin admin propose --add-domain payroll --proposal p.proposal",
        "新增金鑰領域，須由多位管理者簽署：\n"
        "  fenchi --admin-key lin.admin admin propose --add-domain payroll --proposal p.proposal",
    ),
    "example.admin.review": (
        "What does it change?\n  fenchi admin review p.proposal",
        "這份變更案改了什麼？\n  fenchi admin review p.proposal",
    ),
    "example.admin.approve": (
        "I agree:\n  fenchi --admin-key chen.admin admin approve p.proposal --output chen.approval",
        "同意並簽署：\n"
        "  fenchi --admin-key chen.admin admin approve p.proposal --output chen.approval",
    ),
    "example.admin.publish": (
        "Enough have agreed:\n"
        "  fenchi --admin-key lin.admin admin publish p.proposal chen.approval",
        "已有足夠的管理者同意：\n"
        "  fenchi --admin-key lin.admin admin publish p.proposal chen.approval",
    ),
    "example.rekey": (
        "What do old keys still read?\n  fenchi rekey",
        "舊金鑰還讀得到哪些資料？\n  fenchi rekey",
    ),
    "example.card": (
        "One page to print:\n  fenchi card --to /media/paper --format pdf",
        "產生一頁供列印：\n  fenchi card --to /media/paper --format pdf",
    ),
    "example.recover": (
        "On a new computer, with the card and three shares:\n"
        "  fenchi recover card.txt lin.txt scan.png chen.txt --restore /restore",
        "在新的電腦上，用復原卡與三份金鑰分持：\n"
        "  fenchi recover card.txt lin.txt scan.png chen.txt --restore /restore",
    ),
}
