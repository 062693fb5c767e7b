"""Examples that --help, the man page and the manual show.

A line says what is wanted; below it, indented, stands the command. The commands are the same in
both languages.
"""

from __future__ import annotations

TEXTS = {
    "example.init": (
        "Three places, any two of which give everything back:\n"
        "  fenchi init --name ledger --needed 2 --provider taipei=/mnt/taipei "
        "--provider tokyo=s3://backup-tokyo --provider oslo=sftp://backup@oslo.example/ledger\n"
        "From a vault.toml that you wrote:\n"
        "  fenchi -c vault.toml init",
        "三個儲存處，其中任何兩個就能取回全部資料：\n"
        "  fenchi init --name ledger --needed 2 --provider taipei=/mnt/taipei "
        "--provider tokyo=s3://backup-tokyo --provider oslo=sftp://backup@oslo.example/ledger\n"
        "依事先寫好的 vault.toml 建立：\n"
        "  fenchi -c vault.toml init",
    ),
    "example.backup": (
        "A directory, every night:\n"
        "  fenchi backup /srv/ledger --label nightly\n"
        "A database, without a file in between:\n"
        "  pg_dump ledger | fenchi backup --stdin --name ledger.sql --label database",
        "每晚備份一個目錄：\n"
        "  fenchi backup /srv/ledger --label nightly\n"
        "備份資料庫，不必先存成檔案：\n"
        "  pg_dump ledger | fenchi backup --stdin --name ledger.sql --label database",
    ),
    "example.snapshots": (
        "What can be restored:\n  fenchi snapshots",
        "查看有哪些備份可以還原：\n  fenchi snapshots",
    ),
    "example.ls": (
        "What is in the newest backup:\n"
        "  fenchi ls latest\n"
        "All below one directory of it:\n"
        "  fenchi ls latest:nightly ledger/2026 --recursive",
        "查看最新備份的內容：\n"
        "  fenchi ls latest\n"
        "列出其中一個目錄下的全部內容：\n"
        "  fenchi ls latest:nightly ledger/2026 --recursive",
    ),
    "example.cat": (
        "One file, at once, without restoring the rest:\n"
        "  fenchi cat latest ledger/2026.txt > 2026.txt",
        "只要一個檔案，立即取得，不必還原其他資料：\n"
        "  fenchi cat latest ledger/2026.txt > 2026.txt",
    ),
    "example.restore": (
        "Everything of the newest backup:\n"
        "  fenchi restore latest /restore\n"
        "Only one part of it:\n"
        "  fenchi restore latest:nightly /restore --include ledger/2026\n"
        "While tokyo is down:\n"
        "  fenchi restore latest /restore --absent tokyo",
        "還原最新的備份：\n"
        "  fenchi restore latest /restore\n"
        "只還原其中一部分：\n"
        "  fenchi restore latest:nightly /restore --include ledger/2026\n"
        "儲存處 tokyo 停擺時：\n"
        "  fenchi restore latest /restore --absent tokyo",
    ),
    "example.verify": (
        "Every stored byte:\n"
        "  fenchi verify\n"
        "Decrypted and compared, too:\n"
        "  fenchi verify --depth data",
        "檢查儲存的每個位元組：\n"
        "  fenchi verify\n"
        "另外解密並比對內容：\n"
        "  fenchi verify --depth data",
    ),
    "example.repair": (
        "After a provider came back, or was found damaged:\n  fenchi repair",
        "儲存處恢復之後，或發現損壞時：\n  fenchi repair",
    ),
    "example.status": (
        "Which providers answer:\n  fenchi status",
        "查看哪些儲存處有回應：\n  fenchi status",
    ),
    "example.drill": (
        "Could we restore within four hours without tokyo, from data of the last day?\n"
        "  fenchi drill --absent tokyo --rto 4h --rpo 24h",
        "少了 tokyo，能否在四小時內還原，而且是一天以內的資料？\n"
        "  fenchi drill --absent tokyo --rto 4h --rpo 24h",
    ),
    "example.provider.check": (
        "Before a place is used:\n"
        "  fenchi provider check s3://backup-tokyo\n"
        "Are two of them the same?\n"
        "  fenchi provider check /mnt/first /mnt/second",
        "使用某個儲存處之前：\n"
        "  fenchi provider check s3://backup-tokyo\n"
        "其中兩個是不是同一個地方？\n"
        "  fenchi provider check /mnt/first /mnt/second",
    ),
    "example.provider.courier.export": (
        "What oslo lacks, onto a disk:\n"
        "  fenchi provider courier export oslo /media/disk/oslo.courier",
        "把 oslo 缺少的資料寫到外接磁碟：\n"
        "  fenchi provider courier export oslo /media/disk/oslo.courier",
    ),
    "example.provider.courier.check": (
        "When the disk has arrived:\n  fenchi provider courier check /media/disk/oslo.courier",
        "磁碟送達之後：\n  fenchi provider courier check /media/disk/oslo.courier",
    ),
    "example.provider.courier.import": (
        "At the provider:\n"
        "  fenchi provider courier import /media/disk/oslo.courier /srv/fenchi/oslo",
        "在儲存處那一端：\n"
        "  fenchi provider courier import /media/disk/oslo.courier /srv/fenchi/oslo",
    ),
}
