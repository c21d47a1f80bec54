# Short names for what developers do often. Users need none of it: see README.md.
PYTHON = .venv/bin/python
SOURCES = campaigns reports dialer config

.PHONY: up test check lock

up:
	python3 manage.py up

test:
	python3 manage.py test

check:
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy $(SOURCES)
	.venv/bin/lint-imports
	$(PYTHON) manage.py makemigrations --check --dry-run

# Needs uv (python3 -m pip install uv). Writes hashes, and no address of any package index.
LOCK = uv pip compile --quiet --upgrade --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
	--python-version 3.11
lock:
	$(LOCK) requirements.in -o requirements.txt
	$(LOCK) --constraint requirements.txt requirements-dev.in -o requirements-dev.txt
