"""What benchmarks/compare is made of: rows, inputs, tools, paths, shaped lines, the report."""
