# What there is to do here. `make help` lists it.
#
# SWIFT, PREFIX, DESTDIR and SWIFTFLAGS may be set on the command line; UPSTREAM only means something to `make bench`.

SWIFT ?= swift
PREFIX ?= /usr/local
DESTDIR ?=
# For every build, such as `-j 2` on a machine with little memory.
SWIFTFLAGS ?=
# Upstream's proxy, built elsewhere: `make bench UPSTREAM=../PushProx/pushprox-proxy` compares with it.
UPSTREAM ?=
# How long `make soak` lasts.
DURATION ?= 3m

programs := pushprox-proxy pushprox-client pushprox-admin
release := .build/release

# check and test build with the same flags and environment, so that the second of them finds everything built.
strict := PUSHPROX_WARNINGS=error

.DEFAULT_GOAL := help
.PHONY: help demo build static test check lint format docs man install uninstall bench soak setup clean

help: ## Lists these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Builds, then scrapes something real through a proxy and a client (KEEP=1 leaves them running)
	@SWIFT='$(SWIFT)' SWIFTFLAGS='$(SWIFTFLAGS)' KEEP='$(KEEP)' scripts/demo

build: ## Builds all programs in release mode, into .build/release
	@scripts/setup build
	$(SWIFT) build -c release $(SWIFTFLAGS)

static: ## The same, stripped and without the Swift libraries to install beside them, into .build-static/release
	@scripts/setup build
	$(SWIFT) build -c release --static-swift-stdlib -Xlinker -s --scratch-path .build-static $(SWIFTFLAGS)

test: ## Installs what the tests need, and runs them all
	@scripts/setup test
	$(strict) $(SWIFT) test $(SWIFTFLAGS)

check: lint ## Lint, the rules of the architecture, a build without warnings, the files under deploy/
	scripts/check-sources --self-check
	scripts/check-sources
	scripts/check-deploy
	@scripts/setup build
	$(strict) $(SWIFT) build --build-tests $(SWIFTFLAGS)

lint: ## swift format lint, strictly
	$(SWIFT) format lint --strict -r -p Sources Tests Package.swift

format: ## swift format in place
	$(SWIFT) format -i -r -p Sources Tests Package.swift

docs: ## Writes the flag tables of README.md anew, from --help
	@scripts/setup build
	PUSHPROX_UPDATE_DOCS=1 $(strict) $(SWIFT) test $(SWIFTFLAGS) --filter DocumentationTests

man: ## Makes the man pages, into .build/man
	@scripts/setup build
	SWIFT='$(SWIFT)' scripts/man-pages .build/man

install: ## Installs what `make build` and `make man` made under PREFIX (/usr/local)
	scripts/install-files '$(DESTDIR)' '$(PREFIX)' '$(release)' $(programs)

uninstall: ## Removes it again; leaves settings and the record alone
	scripts/install-files --remove '$(DESTDIR)' '$(PREFIX)' '$(release)' $(programs)

bench: ## Takes the figures of docs/benchmarks.md; UPSTREAM=path/to/proxy compares with that
	@scripts/setup build
	$(SWIFT) build -c release --product pushprox-proxy $(SWIFTFLAGS)
	$(SWIFT) build -c release --product pushprox-bench $(SWIFTFLAGS)
	scripts/bench $(release) '$(UPSTREAM)'

soak: ## Misbehaving clients beside steady scrapes; DURATION=30m for longer
	@scripts/setup build
	$(SWIFT) build -c release --product pushprox-proxy $(SWIFTFLAGS)
	$(SWIFT) build -c release --product pushprox-bench $(SWIFTFLAGS)
	mkdir -p .build/bench
	$(release)/pushprox-bench soak --duration $(DURATION) --dir .build/bench \
		--proxy 'ours=$(release)/pushprox-proxy --web.listen-address=127.0.0.1:{port} --storage.path={dir}/record.db'

setup: ## Installs the system's packages that building and testing need
	@scripts/setup test

clean: ## Removes everything that was built
	rm -rf .build .build-static
