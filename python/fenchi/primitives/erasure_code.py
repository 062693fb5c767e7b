"""Erasure code: k data shards become n, and any k of the n give all of them back.

    code = ErasureCode(2, 3)
    (parity,) = code.encode([left, right])
    (left,) = code.decode({1: right, 2: parity}, [0])

Works on whole shards or on equal byte ranges of them (memoryview slices cost no copy). It finds no
error and hides nothing: give it authenticated shards only. Source: fenchi/erasure_code.h.
"""

from fenchi._core import Decoder, ErasureCode

__all__ = ["Decoder", "ErasureCode"]
