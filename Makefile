# make            set-up, then the Verilog of the 128-lane link in build/uled128
# make test       set-up, linters and the tests
# make test-full  the long proofs too
# make lint       ruff and pyright
# make clean      removes build/, not .venv

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: all setup test test-full lint clean

all: setup
	$(BIN)/lampyris generate --preset uled128 -o build/uled128

setup: $(READY)

test: lint
	$(BIN)/pytest -n 2 --dist worksteal -m "not full"

test-full: lint
	$(BIN)/pytest -n 2 --dist worksteal

# pyright knows nothing of package-dir: these links give it `lampyris` as it is when installed.
lint: setup
	@rm -rf build/typing
	@mkdir -p build/typing/lampyris
	@ln -s $(CURDIR)/hdl/* $(CURDIR)/sim $(CURDIR)/platforms build/typing/lampyris
	@ln -s $(CURDIR)/scripts build/typing/lampyris/cli
	$(BIN)/ruff check
	$(BIN)/pyright

clean:
	rm -rf build

# Again only when the locked versions or the project's own metadata change. --no-build-isolation
# takes setuptools from the lock, so that nothing outside it is installed or asked for.
$(READY): requirements.lock pyproject.toml
	@$(call need,$(PYTHON),Python 3.11 or later (or make PYTHON=...))
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "lampyris: error: $$($(PYTHON) --version 2>&1) is too old: Python 3.11 or later is" \
			"needed (make PYTHON=...)" >&2; exit 2; }
	@$(call need,$(firstword $(CXX)),a C++ compiler (or make CXX=...))
	@$(call need,perl,Perl)
	@echo "lampyris: setting up .venv, which takes minutes the first time" >&2
	@$(BIN)/python -c '' 2>/dev/null || $(PYTHON) -m venv --clear .venv || { \
		echo "lampyris: error: $(PYTHON) cannot make a virtual environment: install its venv" \
			"module (Debian: python3-venv)" >&2; exit 2; }
	@$(PIP) install -r requirements.lock || { \
		echo "lampyris: error: the packages of requirements.lock cannot be installed, see above" \
			>&2; exit 2; }
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

define need
command -v $(1) >/dev/null || { echo "lampyris: error: $(1) is not on the PATH: install $(2)" >&2; \
	exit 2; }
endef
