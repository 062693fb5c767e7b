"""Reports: what the verbs found and did; one file a verb. Damage is data, never an exception.

Paths are str as os.fsdecode gives them: bytes that are not UTF-8 are kept as surrogate escapes, so
that os functions take them back. Show them to people through fenchi.escape_path. Times are aware,
in UTC.
"""
