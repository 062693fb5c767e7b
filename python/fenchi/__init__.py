"""Backups kept in shares: encrypted, split k-of-n, placed in different hands."""

from fenchi._core import StatusCode, __version__

__all__ = ["StatusCode", "__version__"]
