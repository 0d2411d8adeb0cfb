"""What the benchmarks compare is the same."""
