"""What only the manual and the man page say: exit codes, variables, headings."""

from __future__ import annotations

TEXTS = {
    "exit.done": ("done", "完成"),
    "exit.failed": ("failed", "失敗"),
    "exit.usage": (
        "what was typed, or the configuration, is not right",
        "輸入的指令或設定不正確",
    ),
    "exit.incomplete": (
        "done, but something could not be read, written or locked as it should be: see the report",
        "已完成，但有些項目無法照樣讀取、寫入或鎖定，報告中會列出",
    ),
    "exit.no_vault": ("there is no vault", "沒有保存庫"),
    "exit.wrong_key": (
        "wrong passphrase or credential, or too few key shares",
        "密碼或存取認證資訊不對，或金鑰分持不足",
    ),
    "exit.damage": (
        "damage was found, all of which can be repaired, or what a provider holds is not known",
        "發現損壞，全部都能修復；或有儲存處無法查問，狀況不明",
    ),
    "exit.data_lost": ("data is lost", "有資料遺失"),
    "exit.too_few_providers": (
        "too few providers can be reached",
        "連得上的儲存處不足",
    ),
    "exit.policy": ("a rule forbids it", "規定不允許"),
    "exit.target_missed": (
        "a drill missed its target",
        "演練未達目標",
    ),
    "exit.interrupted": ("stopped on request", "已依要求停止"),
    "variable.fenchi_vault": (
        "the configuration, as -c names it",
        "設定檔，同 -c 選項",
    ),
    "variable.fenchi_password_file": (
        "a file that holds the passphrase and nothing else",
        "密碼檔，內容只有密碼",
    ),
    "variable.fenchi_password_command": (
        "a command that prints the passphrase",
        "會輸出密碼的指令",
    ),
    "variable.fenchi_cache_dir": (
        "where this computer keeps its state: otherwise the user's directory for such things",
        "本機狀態資料的存放目錄；未設定時用使用者的預設目錄",
    ),
    "variable.lc_all": (
        "with LC_MESSAGES and LANG: the language, where neither --lang nor vault.toml says one",
        "與 LC_MESSAGES、LANG 一起決定語言；--lang 與 vault.toml 都沒有指定時才用",
    ),
    "manual.code": ("code", "代碼"),
    "manual.meaning": ("meaning", "意義"),
    "manual.variable": ("variable", "變數"),
    "manual.what": ("argument or option", "引數或選項"),
    "manual.name": ("NAME", "名稱"),
    "manual.synopsis": ("SYNOPSIS", "概要"),
    "manual.description": ("DESCRIPTION", "說明"),
    "manual.options": ("GLOBAL OPTIONS", "共通選項"),
    "manual.commands": ("COMMANDS", "指令"),
    "manual.exit": ("EXIT STATUS", "結束代碼"),
    "manual.environment": ("ENVIRONMENT", "環境變數"),
    "manual.title": (
        "encrypted backups in shards",
        "加密的分持備份",
    ),
}
