"""Every setting of the project, grouped, read from the environment through config.env."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

from config import carriers, console, env
from config.postgresql import options as postgres

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.text("TRUNKLINE_VAR") or BASE_DIR / "var").resolve()

# --- Django -----------------------------------------------------------------------------------------
SECRET_KEY = env.text("SECRET_KEY") or env.kept_secret(VAR_DIR / "secret_key")
DEBUG = env.flag("DEBUG")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS") or ["localhost", "127.0.0.1", "[::1]", socket.gethostname()]
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
AUTH_USER_MODEL = "campaigns.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# A redirected POST loses its body; every door matches the optional slash itself.
APPEND_SLASH = False

INSTALLED_APPS = [
    "config.apps.Config",
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "campaigns.apps.Campaigns",
    "reports.apps.Reports",
    "dialer.apps.Dialer",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "config.csp.ContentSecurityPolicy",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.zones.AccountZone",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# --- Security behind TLS: a proxy ends it and tells so in X-Forwarded-Proto -----------------------------
BEHIND_TLS = env.flag("BEHIND_TLS")
SECURE_SSL_REDIRECT = BEHIND_TLS
# Probes come from inside, without TLS.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_TLS else None
SECURE_HSTS_SECONDS = 31_536_000 if BEHIND_TLS else 0
SESSION_COOKIE_SECURE = BEHIND_TLS
CSRF_COOKIE_SECURE = BEHIND_TLS
# Whether a domain's other hosts have TLS too is not for this one to say.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

# --- Time and language --------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
FORMAT_MODULE_PATH = "config.formats"

# --- Static files: collected by `manage.py up`, served by whitenoise -----------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
MEDIA_ROOT = VAR_DIR / "media"
MEDIA_URL = "/media/"

# --- Database -----------------------------------------------------------------------------------------
DATABASES = {"default": env.database("DATABASE_URL", f"sqlite:///{VAR_DIR / 'trunkline.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A deferred transaction that turns into a writer fails at once with "database is locked"; IMMEDIATE waits.
    DATABASES["default"]["OPTIONS"] |= {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA busy_timeout=20000;",
    }
else:
    DATABASES["default"]["ENGINE"] = "config.postgresql"
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = env.flag("PGBOUNCER")
    DATABASES["default"]["OPTIONS"] = postgres.options(DATABASES["default"]["OPTIONS"], pgbouncer=env.flag("PGBOUNCER"))

# --- Celery: wake-ups and batches; the truth is in the database ------------------------------------------
CELERY_BROKER_URL = env.text("CELERY_BROKER_URL") or "filesystem://"
CELERY_TASK_IGNORE_RESULT = True
# A lost tick is replaced by the next one; a repeated one finds nothing left to do.
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A worker that gave up after so many tries would have to be started by hand.
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SOFT_TIME_LIMIT = 50
CELERY_TASK_TIME_LIMIT = 60
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 10.0
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")
if CELERY_BROKER_URL.startswith("filesystem"):
    # Without a host kombu warns that it takes this one.
    CELERY_BROKER_URL = "filesystem://localhost/"
    CELERY_BROKER_TRANSPORT = "config.queue.Transport"
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
        "data_folder_in": str(VAR_DIR / "queue"),
        "data_folder_out": str(VAR_DIR / "queue"),
        "control_folder": str(VAR_DIR / "queue-control"),
        "polling_interval": 0.1,
    }
elif CELERY_BROKER_URL.startswith("redis"):
    CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 600}
CELERY_BEAT_SCHEDULE = {
    # They have no time to live: a worker whose clock is seconds ahead of beat's would find each of them too old.
    "tick": {"task": "dialer.tasks.tick", "schedule": 1.0},
    "reconcile": {"task": "dialer.tasks.reconcile", "schedule": 30.0},
    "report": {"task": "dialer.tasks.build_reports", "schedule": 1.0},
    "tidy": {"task": "dialer.tasks.tidy", "schedule": 10.0},
}

# --- The engine -----------------------------------------------------------------------------------------
SIMULATOR_SPEED = env.number("SIMULATOR_SPEED", 1)
# The longest an attempt may be without news before the carrier is asked what became of it, in seconds.
ATTEMPT_LEASE_SECONDS = env.number("ATTEMPT_LEASE_SECONDS", 120)
CARRIERS = carriers.from_environment()
# Many machines may share a PostgreSQL, whose clock is then the only one; an SQLite has one machine, and its clock.
DATABASE_CLOCK = DATABASES["default"]["ENGINE"].endswith("postgresql")
# Whose moments the admin writes: the apps below the dialer do not know its clock.
ENGINE_CLOCK = "dialer.clock.now"

# --- The admin --------------------------------------------------------------------------------------------
UNFOLD = console.theme()

# --- The doors --------------------------------------------------------------------------------------------
# Bulk doors take 100,000 items; what is larger is refused by each door in its own form.
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["dialer.keys.BearerKey", "dialer.keys.BrowserSession"],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "campaigns.api.schema.Documented",
    "EXCEPTION_HANDLER": "campaigns.api.problems.handle",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Trunkline",
    "DESCRIPTION": "The native API of a self-hosted outbound campaign server.",
    "VERSION": "1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "PREPROCESSING_HOOKS": ["campaigns.api.schema.only_native"],
    "COMPONENT_SPLIT_REQUEST": True,
    # Fields of one name whose values differ.
    "ENUM_NAME_OVERRIDES": {
        "CampaignState": "campaigns.states.CampaignState.choices",
        "CallState": "campaigns.states.CallState.choices",
        "AttemptState": "campaigns.states.AttemptState.choices",
        "CallReason": "campaigns.states.Reason.choices",
        "CampaignReason": "dialer.standing.CODES",
    },
}

# --- Vendors: what their contracts leave to the server; each is explained in docs/vendors/ -----------------
GO4CLIENTS: dict[str, Any] = {
    # The vendor's list of voices is not public any more; a campaign's and a step's voice must be one of these.
    "voices": ["DORIS", "CARLOS", "CLAUDIA", "PEDRO"],
    # Of the vendor's paths only the beginnings are public; a corrected one is entered here.
    "paths": {
        "create": "TelintelSms/apiotp/voice/campaign",
        "custom_call": "TelintelSms/apiotp/voice/customcall",
        "text_call": "TelintelSms/apiotp/voice/call",
        "finish": "TelintelSms/apiotp/voice/campaign/finish",
        "info": "TelintelSms/api/voice/campaigninfo",
        "steer": "TelintelSms/api/voice/campaigns/{unique_id}/{action}",
    },
}
VOICENTER: dict[str, Any] = {
    # Whether the account's Code must come with every method, and not only with GetCampaignList.
    "require_code": env.flag("VOICENTER_REQUIRE_CODE"),
    # The ErrorCode of a target that is no phone number.
    "format_fault_code": int(env.choice("VOICENTER_FORMAT_FAULT_CODE", "2", ("2", "-2"))),
    # Addresses or networks whose X-Forwarded-For is believed when an account's address list is asked.
    "trusted_proxies": env.words("VOICENTER_TRUSTED_PROXIES"),
    # The country that a leading 0 stands for where the account's own writes none.
    "default_country": "IL",
}
JAICP: dict[str, Any] = {
    # How long addPhone refuses the same number with the same payload, where it comes without a key; 0: never.
    "crm_duplicate_window_hours": env.number("JAICP_CRM_DUPLICATE_WINDOW_HOURS", 0),
    # The status of a campaign that runs, and of a job that was cancelled: the vendor's documents know two of each.
    "running_word": "inProcess" if env.flag("JAICP_SAYS_IN_PROCESS") else "inProgress",
    "cancelled_word": "canceled" if env.flag("JAICP_SAYS_CANCELED") else "cancelledByUser",
    # National prefixes of campaigns that have none of their own, such as {"8XXXXXXXXXX": "7XXXXXXXXXX"}.
    "national_prefixes": {},
}
SENDSERVICE: dict[str, Any] = {
    # The voices that LanguageCode may name.
    "language_codes": env.words("SENDSERVICE_LANGUAGE_CODES", "it-IT-F1"),
    # The most calls of one request, and codes of one status query.
    "max_calls": int(env.number("SENDSERVICE_MAX_CALLS", 1000)),
    # Whether a request's calls are told to anybody who knows its number, as the vendor's page has it.
    "bare_status": env.flag("SENDSERVICE_BARE_STATUS"),
    # Whether Status is a number instead of a name.
    "status_as_number": env.flag("SENDSERVICE_STATUS_NUMBERS"),
}

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "filters": {
        "without_secrets": {"()": "config.logs.WithoutSecrets"},
        "brief_outages": {"()": "config.logs.BriefOutages"},
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["brief_outages", "without_secrets"],
        },
    },
    "root": {"handlers": ["stderr"], "level": env.choice("LOG_LEVEL", "INFO", LOG_LEVELS)},
    "loggers": {
        # Its own handlers would write everything a second time, and past the filter.
        "django": {"handlers": [], "level": "INFO"},
        "django.server": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        # A tick a second is no news.
        "celery": {"level": "WARNING"},
        "kombu": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
    },
}
