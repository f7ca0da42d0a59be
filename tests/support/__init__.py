"""What the tests and the benchmarks share: a hand, a browser, servers, commands."""
