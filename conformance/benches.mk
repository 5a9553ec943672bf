# What the benchmarks of C, Python and Node share: the cells, the runner and the pages.

BENCH_PYTHONPATH := PYTHONPATH=conformance/common python3
BENCH_RUN := $(BENCH_PYTHONPATH) conformance/benches/run.py
BENCH_PAGES := $(BENCH_PYTHONPATH) conformance/benches/page.py
BENCH_FOLDERS := ffi/benches bindings/python/bench bindings/js/bench

.PHONY: bench-pages
bench-pages:
	@$(BENCH_PAGES) $(BENCH_FOLDERS)
