"""Every setting of OrderChainer.

There is one file for every deployment. Differences between a laptop and production come from the
environment. A `.env` file beside `manage.py` provides what the environment does not set, and the
defaults below provide the rest. `.env.example` lists every variable.
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.templatetags.static import static
from django.urls import reverse_lazy
from kombu import Exchange, Queue

from orderchainer import __version__
from orderchainer.core.environment import MAX_PORT, Environment
from orderchainer.core.keys import fernet_key_in, secret_in
from orderchainer.core.logs import LEVELS, logging_config

BASE_DIR = Path(__file__).resolve().parent.parent

# Bounds that several settings share.
MAX_BYTES = 2**30
MAX_RETENTION_DAYS = 36_500
MAX_TIMEOUT_SECONDS = 600.0

env = Environment(os.environ)
# An empty ENV_FILE reads no file, so that tests see only what they are given.
if env_file := env.text("ENV_FILE", default=".env", may_be_empty=True):
    env.read_file(BASE_DIR / env_file, is_required="ENV_FILE" in os.environ)

# --- Mode and ports --------------------------------------------------------------------------

DEBUG = env.switch("DEBUG", default=True)
REDIS_URL = env.redis("REDIS_URL")
# Without Redis, processes could not talk to each other, so everything runs in one.
EMBEDDED = not REDIS_URL
# Listen to this machine only by default, because a first start has a demo account.
BIND_ADDRESS = env.text("BIND_ADDRESS", default="127.0.0.1")
PORT = env.number("PORT", default=8000, least=1, most=MAX_PORT)
WS_PORT = env.number("WS_PORT", default=0, least=0, most=MAX_PORT)
# Play the providers beside the service, for a first look without the real ones. Their addresses
# below then lead to the sandbox, unless they are set.
SANDBOX = env.switch("SANDBOX", default=False)
SANDBOX_PORT = env.number("SANDBOX_PORT", default=8400, least=1, most=MAX_PORT)
SANDBOX_HOST = f"127.0.0.1:{SANDBOX_PORT}"

# --- Secrets ---------------------------------------------------------------------------------

SECRET_KEY = env.text("SECRET_KEY")
if not SECRET_KEY and DEBUG:
    SECRET_KEY = env.kept("SECRET_KEY", BASE_DIR / ".secret_key", secret_in)
elif not SECRET_KEY:
    env.note(
        "SECRET_KEY is not set, and DEBUG is off.",
        "Set it to a long random string that stays the same. To make one: "
        "python3 -c 'import secrets; print(secrets.token_urlsafe(50))'",
    )

# Fernet keys. The first encrypts, all of them decrypt, so keys can be rotated.
CREDENTIALS_KEYS = env.words("CREDENTIALS_KEYS")
if not CREDENTIALS_KEYS and DEBUG:
    CREDENTIALS_KEYS = [env.kept("CREDENTIALS_KEYS", BASE_DIR / ".credentials_key", fernet_key_in)]
elif not CREDENTIALS_KEYS:
    env.note(
        "CREDENTIALS_KEYS is not set, and DEBUG is off.",
        "Set it to at least one Fernet key. To make one: python3 -c 'import base64, secrets; "
        "print(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())'",
    )

# --- Hosts -----------------------------------------------------------------------------------

ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.origins("CSRF_TRUSTED_ORIGINS")
# How many of our own proxies stand in front of the service. We trust that many of the last
# addresses in X-Forwarded-For; with 0 we ignore the header.
TRUSTED_PROXIES = env.number("TRUSTED_PROXIES", default=0, least=0, most=100)
# Where people reach this service. Links in e-mails and in Discord begin with it.
PUBLIC_URL = env.address("PUBLIC_URL", default=f"http://localhost:{PORT}")
# The origin of the WebSockets where it is another one: wss://orders.example.com:8001.
SOCKET_URL = env.socket_origin("SOCKET_URL")

# --- Applications ----------------------------------------------------------------------------

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "orderchainer.operations.apps.BackOfficeConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "channels",
    "django_filters",
    # Named parts of templates, which Django 6 has by itself.
    "template_partials.apps.SimpleAppConfig",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "orderchainer.operations",
    "orderchainer.demo",
    "accounts",
    "catalog",
    "cart",
    "orders",
    "notifications",
    "integrations",
    "reports",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "orderchainer.core.logs.requests.RequestLogMiddleware",
    "orderchainer.core.http.clients.ClientMiddleware",
    "orderchainer.operations.metrics.RequestMetricsMiddleware",
    "orderchainer.core.web.content_policy.ContentPolicyMiddleware",
    # Before anything that refuses a request, so that scripts of other origins can read the refusal.
    "corsheaders.middleware.CorsMiddleware",
    "orderchainer.core.http.hosts.AllowedHostMiddleware",
    "orderchainer.core.http.bodies.RequestBodyLimitMiddleware",
    "orderchainer.core.http.routing.EitherSlashMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "orderchainer.urls"
WSGI_APPLICATION = "orderchainer.wsgi.application"
ASGI_APPLICATION = "orderchainer.asgi.application"
APPEND_SLASH = True

_TEMPLATE_LOADERS = [
    (
        "django.template.loaders.cached.Loader",
        [
            "django.template.loaders.filesystem.Loader",
            "django.template.loaders.app_directories.Loader",
        ],
    )
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "builtins": ["template_partials.templatetags.partials"],
            "libraries": {"workspace": "orderchainer.core.web.tags"},
            "loaders": [("template_partials.loader.Loader", _TEMPLATE_LOADERS)],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Database --------------------------------------------------------------------------------

# How many connections to PostgreSQL each process keeps. With 0 each request and task opens its own.
DATABASE_POOL_SIZE = env.number("DATABASE_POOL_SIZE", default=8, least=0, most=1000)
# Whether to prepare frequent statements on each connection. Planning takes most of the time of a
# short statement. Switch it off behind a transaction pooler that does not support prepared
# statements.
DATABASE_PREPARES = env.switch("DATABASE_PREPARES", default=True)


def _database() -> dict[str, Any]:
    """Read DATABASE_URL and add what each database needs to be safe under concurrent writers."""
    config = env.database("DATABASE_URL", default="sqlite:///./orderchainer.db")
    # Under ASGI, one kept connection for each thread would exhaust PostgreSQL; the pool bounds
    # them.
    config["CONN_MAX_AGE"] = 0
    if config["ENGINE"] == "django.db.backends.sqlite3":
        config["ENGINE"] = "orderchainer.core.db.sqlite"
        if config["NAME"] != ":memory:":
            config["NAME"] = str(BASE_DIR / config["NAME"])
        # All three are needed: otherwise concurrent writers fail with "database is locked".
        config["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL",
        }
    else:
        config["ENGINE"] = "orderchainer.core.db.postgresql"
        options = config.setdefault("OPTIONS", {})
        if DATABASE_POOL_SIZE:
            options["pool"] = {
                "min_size": 1,
                "max_size": DATABASE_POOL_SIZE,
                "timeout": 10,
            }
        if DATABASE_PREPARES:
            # psycopg prepares a statement when a connection runs it for the fifth time.
            options |= {"server_side_binding": True, "prepare_threshold": 5}
    return config


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SILENCED_SYSTEM_CHECKS = [
    # SQLite ignores the included columns of an index and reads the rows instead.
    "models.W040",
    # `orderchainer.operations.deployment` says the same about HSTS and cookies, with the variables
    # that people can set: HSTS_SECONDS and PUBLIC_URL.
    "security.W004",
    "security.W012",
    "security.W016",
    # The proxy redirects from http to https.
    "security.W008",
    # Whether other hosts beneath this one use https, and whether browsers ship its name, is for
    # their owners to say.
    "security.W005",
    "security.W021",
]

# --- Cache, push, tasks ----------------------------------------------------------------------

CACHES: dict[str, dict[str, Any]]
CHANNEL_LAYERS: dict[str, dict[str, Any]]
if EMBEDDED:
    CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
        "limits": {"BACKEND": "orderchainer.core.limits.counters.LocalCountersCache"},
    }
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "notifications.sockets.layers.ThreadSafeInMemoryChannelLayer",
            # Channels' own layer forgets listeners after a day; this one keeps them as long as they
            # live.
            "CONFIG": {"group_expiry": float("inf")},
        }
    }
    CELERY_BROKER_URL = "memory://localhost//"
    CELERY_BROKER_TRANSPORT = "orderchainer.operations.memory_broker:Transport"
else:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
        },
        "limits": {
            "BACKEND": "orderchainer.core.limits.counters.RedisCountersCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": "limits",
        },
    }
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [REDIS_URL]},
        }
    }
    CELERY_BROKER_URL = REDIS_URL
    CELERY_BROKER_TRANSPORT = "orderchainer.operations.broker:Transport"
    # A dead broker must delay a request only for a moment: the sweep repeats what was not sent.
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "socket_connect_timeout": 1,
        "socket_timeout": 2,
        # For publishing: kombu would retry for six seconds. Workers and beat use the setting below.
        "max_retries": 0,
        "visibility_timeout": 3600,
    }

# Tasks that wait for other servers have their own queues, so a slow provider can delay other
# deliveries, but never an e-mail with a code that expires. Busy installations give each queue its
# own workers. By default a worker takes from all queues in turn.
DEFAULT_QUEUE, DELIVERIES_QUEUE, EMAILS_QUEUE = "celery", "deliveries", "emails"
# Webhooks and short calls to providers, and apart from these the syncs, each of which holds a
# worker for many seconds.
PROVIDERS_QUEUE, SYNCS_QUEUE = "providers", "syncs"
# Messages to customers, and the files that customers send.
MESSAGES_QUEUE = "messages"
# Reports and changes of many orders take seconds of the database's time.
REPORTS_QUEUE = "reports"
CELERY_TASK_QUEUES = [
    Queue(name, Exchange(name), routing_key=name)
    for name in (
        DEFAULT_QUEUE,
        DELIVERIES_QUEUE,
        EMAILS_QUEUE,
        PROVIDERS_QUEUE,
        SYNCS_QUEUE,
        MESSAGES_QUEUE,
        REPORTS_QUEUE,
    )
]
CELERY_TASK_ROUTES = {
    "integrations.work_on_delivery": {"queue": PROVIDERS_QUEUE},
    "orders.deliver": {"queue": DELIVERIES_QUEUE},
    "accounts.send_email": {"queue": EMAILS_QUEUE},
    "integrations.run_errand": {"queue": PROVIDERS_QUEUE},
    "integrations.sync": {"queue": SYNCS_QUEUE},
    "notifications.send_part": {"queue": MESSAGES_QUEUE},
    "notifications.tell_read": {"queue": MESSAGES_QUEUE},
    "notifications.fetch_attachment": {"queue": MESSAGES_QUEUE},
    "reports.build_report": {"queue": REPORTS_QUEUE},
    "orders.work_on_bulk_change": {"queue": REPORTS_QUEUE},
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_WORKER_PREFETCH_MULTIPLIER = 4
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Retry for ever: by default Celery gives up after a hundred tries, in less than an hour.
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "orderchainer.operations.schedule:DueAtStartScheduler"


def _every(seconds: int, task: str) -> dict[str, Any]:
    # A task that cannot start in time expires, because the next one does the same work.
    return {
        "task": task,
        "schedule": timedelta(seconds=seconds),
        "options": {"expires": seconds},
    }


def _daily(task: str) -> dict[str, Any]:
    return {"task": task, "schedule": timedelta(days=1)}


CELERY_BEAT_SCHEDULE = {
    # `/readyz` uses it to tell that a worker runs tasks.
    "heartbeat": _every(10, "orderchainer.heartbeat"),
    "sweep-events": _every(5, "orders.sweep_events"),
    "sweep-bulk-changes": _every(10, "orders.sweep_bulk_changes"),
    "forget-bulk-changes": _daily("orders.forget_bulk_changes"),
    "sweep-inbound-deliveries": _every(5, "integrations.sweep_deliveries"),
    "sweep-messages": _every(5, "notifications.sweep_messages"),
    "wake-conversations": _every(30, "notifications.wake_snoozed"),
    "sweep-files": _daily("notifications.sweep_files"),
    "forget-reports": _daily("notifications.forget_reports"),
    "forget-digests": _daily("notifications.forget_digests"),
    "sweep-emails": _every(10, "accounts.sweep_emails"),
    "sweep-integrations": _every(10, "integrations.sweep"),
    "sweep-reports": _every(10, "reports.sweep"),
    "forget-usage": _daily("reports.forget_usage"),
    "run-report-schedules": _every(60, "reports.run_schedules"),
    "schedule-syncs": _every(30, "integrations.schedule_syncs"),
    "flush-integrations": _daily("integrations.flush_finished"),
    "release-assistant-calls": _every(30, "integrations.release_assistant_calls"),
    "forget-assistant-texts": _daily("integrations.forget_assistant_texts"),
    "sweep-avatars": _daily("accounts.sweep_avatars"),
    "sweep-pictures": _daily("catalog.sweep_pictures"),
    "release-conversations": _daily("notifications.release_conversations"),
    "hand-over-orders": _daily("orders.hand_over"),
    "forget-inbound-deliveries": _daily("integrations.forget_deliveries"),
    "flush-expired-tokens": _daily("accounts.flush_expired_tokens"),
}

# --- E-mail ----------------------------------------------------------------------------------

# smtp://user:password@host:port, smtp+tls://…, filemail:////directory, or the console by default.
vars().update(env.email("EMAIL_URL", default="consolemail://"))
EMAIL_TIMEOUT = env.seconds("EMAIL_TIMEOUT", default=10, most=MAX_TIMEOUT_SECONDS)
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", default="OrderChainer <orders@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# --- Uploads ---------------------------------------------------------------------------------

# The directory for pictures. All processes need the same one, because workers clean it up.
MEDIA_ROOT = BASE_DIR / env.text("MEDIA_ROOT", default="media")
MEDIA_URL = "media/"
# The directory for the files of messages. No address leads there; members read them by the API. All
# processes need the same one.
PRIVATE_FILES_ROOT = BASE_DIR / env.text("PRIVATE_FILES_ROOT", default="private")
# The largest file of a message that we keep.
MAX_ATTACHMENT_BYTES = env.number(
    "MAX_ATTACHMENT_BYTES", default=16 * 1024 * 1024, least=1, most=MAX_BYTES
)
# The largest form with a file in it.
MAX_UPLOAD_BYTES = env.number("MAX_UPLOAD_BYTES", default=5 * 1024 * 1024, least=1, most=MAX_BYTES)

# --- Limits ----------------------------------------------------------------------------------

# A number of requests and a period, in django-ratelimit's notation: 5/m, 1000/h. An empty value
# switches a limit off.
RATE_LIMIT_AUTH = env.rate("RATE_LIMIT_AUTH", default="5/m")
RATE_LIMIT_CODES = env.rate("RATE_LIMIT_CODES", default="10/h")
RATE_LIMIT_AI = env.rate("RATE_LIMIT_AI", default="60/m")
RATE_LIMIT_STANDARD = env.rate("RATE_LIMIT_STANDARD", default="100/m")
RATE_LIMIT_INVITATIONS = env.rate("RATE_LIMIT_INVITATIONS", default="50/h")
RATE_LIMIT_UPLOADS = env.rate("RATE_LIMIT_UPLOADS", default="10/m")
RATE_LIMIT_WEBHOOKS = env.rate("RATE_LIMIT_WEBHOOKS", default="60/m")
RATE_LIMIT_PAGES = env.rate("RATE_LIMIT_PAGES", default="1200/m")
RATELIMIT_USE_CACHE = "limits"

# --- Reports ---------------------------------------------------------------------------------

# How long a request waits for its report. After that it gets an answer, and a worker goes on.
REPORT_WAIT_SECONDS = env.seconds(
    "REPORT_WAIT_SECONDS", default=10, most=100, zero="waits for none"
)
# Every how many seconds a process writes down the calls of the API that it has counted; 0 switches
# this off. A process that is killed loses the calls since then.
USAGE_FLUSH_SECONDS = env.seconds(
    "USAGE_FLUSH_SECONDS", default=15, most=3600, zero="switches this off"
)
USAGE_RETENTION_DAYS = env.number(
    "USAGE_RETENTION_DAYS", default=400, least=1, most=MAX_RETENTION_DAYS
)

# --- Events ----------------------------------------------------------------------------------

# How long a worker has a delivery to itself. After that, another takes over from a dead worker.
DELIVERY_LEASE_SECONDS = env.number("DELIVERY_LEASE_SECONDS", default=60, least=1, most=3600)

# --- Integrations ----------------------------------------------------------------------------

# How often every integration asks its provider what has changed. 0: only when a person asks.
SYNC_INTERVAL_MINUTES = env.number("SYNC_INTERVAL_MINUTES", default=15, least=0, most=7 * 24 * 60)

# --- Users -----------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
# Where the sign-in to the back office leads if the URL names no other page. Other pages have a
# sign-in of their own.
LOGIN_REDIRECT_URL = "admin:index"
PASSWORD_HASHERS = [
    "accounts.hashers.FewAtOnceArgon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTHENTICATION_BACKENDS = ["accounts.services.passwords.BoundedPasswordBackend"]
# The list of common passwords is off by default, because the documented `password123` is on it.
PASSWORD_REJECT_COMMON = env.switch("PASSWORD_REJECT_COMMON", default=False)
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "first_name", "last_name")},
    },
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 8},
    },
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "accounts.services.passwords.NotBlankValidator"},
    {"NAME": "accounts.services.passwords.MaximumLengthValidator"},
]
if PASSWORD_REJECT_COMMON:
    AUTH_PASSWORD_VALIDATORS.append(
        {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"}
    )

# Whether to refuse tokens to users who have not confirmed their e-mail address.
REQUIRE_VERIFIED_EMAIL = env.switch("REQUIRE_VERIFIED_EMAIL", default=False)
# Whether the endpoints that send codes answer the same for unknown addresses. The documents show a
# 404 for them, which tells strangers who is a user here.
HIDE_ACCOUNT_EXISTENCE = env.switch("HIDE_ACCOUNT_EXISTENCE", default=False)
# After how many days entries of the activity log are deleted.
ACTIVITY_RETENTION_DAYS = env.number(
    "ACTIVITY_RETENTION_DAYS", default=365, least=1, most=MAX_RETENTION_DAYS
)

ACCESS_TOKEN_EXPIRE_MINUTES = env.number(
    "ACCESS_TOKEN_EXPIRE_MINUTES", default=15, least=1, most=366 * 24 * 60
)
REFRESH_TOKEN_EXPIRE_DAYS = env.number("REFRESH_TOKEN_EXPIRE_DAYS", default=7, least=1, most=3660)
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=ACCESS_TOKEN_EXPIRE_MINUTES),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=REFRESH_TOKEN_EXPIRE_DAYS),
    "SIGNING_KEY": SECRET_KEY,
    "USER_ID_FIELD": "id",
    "USER_ID_CLAIM": "user_id",
}

# --- Storefront ------------------------------------------------------------------------------

# Whether people can read the storefront's products and categories without signing in.
PUBLIC_CATALOG = env.switch("PUBLIC_CATALOG", default=True)

# --- REST ------------------------------------------------------------------------------------

MAX_REQUEST_BODY_BYTES = env.number(
    "MAX_REQUEST_BODY_BYTES", default=1024 * 1024, least=1, most=MAX_BYTES
)
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_REQUEST_BODY_BYTES
# The admin's order form posts one field for each dependency and several for each item.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.api.authentication.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "accounts.api.permissions.WithinScopes",
    ],
    "DEFAULT_PARSER_CLASSES": ["orderchainer.core.http.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["orderchainer.core.http.renderers.JSONRenderer"],
    "EXCEPTION_HANDLER": "orderchainer.core.http.handlers.surface_exception_handler",
    "DEFAULT_SCHEMA_CLASS": "orderchainer.core.http.schema.SurfaceAutoSchema",
    "NON_FIELD_ERRORS_KEY": "body",
    # There is only one format, so a parameter of that name is unknown and refused.
    "URL_FORMAT_OVERRIDE": None,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

SPECTACULAR_SETTINGS = {
    "TITLE": "OrderChainer",
    "DESCRIPTION": (
        "A self-hosted order hub: orders that depend on one another, with live events.\n\n"
        "1. `POST /api/auth/register`, then `POST /api/auth/token` for an access token.\n"
        "2. Send it with every request: `Authorization: Bearer <access_token>`.\n"
        "3. `POST /api/orders/` creates an order; its `dependencies` are what it waits for.\n"
        "4. A WebSocket at `/ws/notifications/{user_id}/` sends events as they happen.\n\n"
        "Each path works with and without its trailing slash. Each answer has an `X-Request-ID`, "
        "which the log uses for the request."
    ),
    "VERSION": __version__,
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SORT_OPERATIONS": False,
    "SCHEMA_PATH_PREFIX": r"/api|/auth/api",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "/favicon.ico",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None},
    "REDOC_DIST": "SIDECAR",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "orderchainer.core.http.schema.arrange",
    ],
    "ENUM_NAME_OVERRIDES": {
        "ErrorCode": "orderchainer.core.http.codes.chain_codes",
        "HubErrorCode": "orderchainer.core.http.codes.hub_codes",
        "EnvelopeErrorCode": "orderchainer.core.http.codes.envelope_codes",
        "OrderStatus": "orders.lifecycle.Status",
        "WritableOrderStatus": ["active", "draft"],
        "FailurePolicy": "orders.lifecycle.FailurePolicy",
        "EventType": "orders.lifecycle.EventType",
        "IntegrationStatus": ["connecting", "connected", "error"],
        "SyncRunStatus": ["queued", "running", "done", "failed", "cancelled"],
        "MessageStatus": "notifications.models.messages.MessageStatus",
        "ConversationStatus": "notifications.models.Conversation.Status",
        "AttachmentStatus": "notifications.models.messages.FileState",
        "MessageDirection": "notifications.models.messages.Direction",
        "ContentType": "notifications.models.messages.ContentType",
        "SentContentType": ["text", "template", "image", "document"],
        "SentFileContentType": ["document", "image"],
        "MessageSentiment": "notifications.models.messages.Sentiment",
        "MessageUrgency": "notifications.models.messages.Urgency",
        "AssistantCallKind": "integrations.assistant.models.AssistantCall.Kind",
        "ToolResultStatus": ["ok", "error", "unknown"],
        "QueuedStatus": ["queued"],
        "ReportStatus": ["generating", "ready", "failed"],
        "DeliveryStatus": ["received", "done", "failed", "ignored"],
        "MemberRole": "accounts.models.Membership.Role",
        "UserRole": ["user", "staff", "admin"],
        "SessionDoor": "accounts.models.Session.Door",
    },
}

# --- Time, language, static files ------------------------------------------------------------

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True
FORMAT_MODULE_PATH = "orderchainer.operations.formats"

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# The embedded mode and development serve static files straight from the packages. Production
# collects them first, compressed and with names that browsers may cache for ever.
WHITENOISE_USE_FINDERS = DEBUG or EMBEDDED
STATIC_ROOT = None if WHITENOISE_USE_FINDERS else BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if WHITENOISE_USE_FINDERS
        else "orderchainer.core.staticfiles.ModuleManifestStorage"
    },
}

# --- Back office ------------------------------------------------------------------------------

# `orderchainer.operations.site` decides which pages the sidebar shows.
UNFOLD = {
    "SITE_TITLE": "OrderChainer",
    "SITE_HEADER": "OrderChainer",
    "SITE_SUBHEADER": "Back office",
    "SITE_ICON": lambda request: static("orderchainer/icon.svg"),
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("orderchainer/icon.svg"),
        }
    ],
    "SITE_DROPDOWN": [
        {"icon": "home", "title": "Front page", "link": reverse_lazy("home")},
        {"icon": "terminal", "title": "Try the API", "link": reverse_lazy("swagger")},
        {"icon": "menu_book", "title": "Read the API", "link": reverse_lazy("redoc")},
        {"icon": "monitor_heart", "title": "Ready?", "link": reverse_lazy("readyz")},
    ],
    "STYLES": [lambda request: static("orderchainer/back-office.css")],
    "SCRIPTS": [lambda request: static("orderchainer/back-office.js")],
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "ENVIRONMENT": ["Development", "warning"] if DEBUG else ["Production", "danger"],
    "BORDER_RADIUS": "8px",
    # Teal, like the icon.
    "COLORS": {
        "primary": {
            "50": "oklch(98.4% .014 180.7)",
            "100": "oklch(95.3% .051 180.8)",
            "200": "oklch(91% .096 180.4)",
            "300": "oklch(85.5% .138 181.1)",
            "400": "oklch(77.7% .152 181.9)",
            "500": "oklch(70.4% .14 182.5)",
            "600": "oklch(60% .118 184.7)",
            "700": "oklch(51.1% .096 186.4)",
            "800": "oklch(43.7% .078 188.2)",
            "900": "oklch(38.6% .063 188.4)",
            "950": "oklch(27.7% .046 192.5)",
        }
    },
}

# --- Logging ---------------------------------------------------------------------------------

LOG_LEVEL = env.choice("LOG_LEVEL", default="INFO", among=LEVELS)
LOG_FILE = env.text("LOG_FILE", default="logs/orderchainer.log")
LOG_MAX_BYTES = env.number("LOG_MAX_BYTES", default=20 * 1024 * 1024, least=1024, most=2**40)
LOG_BACKUPS = env.number("LOG_BACKUPS", default=5, least=0, most=1000)
LOGGING_CONFIG = "orderchainer.core.logs.configure"
LOGGING = logging_config(
    level=LOG_LEVEL,
    file=BASE_DIR / LOG_FILE,
    for_people=DEBUG,
    max_bytes=LOG_MAX_BYTES,
    backups=LOG_BACKUPS,
)

# --- Metrics ---------------------------------------------------------------------------------

# A client that sends it as a bearer token may see /metrics. Without a token, only this machine may.
METRICS_TOKEN = env.text("METRICS_TOKEN")
# The directory through which the processes of a machine add up their metrics. The Prometheus
# library reads the environment variable itself.
PROMETHEUS_MULTIPROC_DIR = env.directory("PROMETHEUS_MULTIPROC_DIR")
# `host:port` where a Celery worker serves its own metrics.
WORKER_METRICS_LISTEN = env.text("WORKER_METRICS_LISTEN")

# --- Browsers --------------------------------------------------------------------------------

# Set it if a proxy ends TLS and always sets X-Forwarded-Proto itself.
if env.switch("TRUST_X_FORWARDED_PROTO", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# For how many seconds browsers use only https for this host. This cannot be taken back.
SECURE_HSTS_SECONDS = env.number("HSTS_SECONDS", default=0, least=0, most=10 * 366 * 24 * 60 * 60)
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.switch("HSTS_INCLUDE_SUBDOMAINS", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_URL.startswith("https://")
CSRF_FAILURE_VIEW = "orderchainer.core.web.refusals.csrf_failure"
X_FRAME_OPTIONS = "DENY"

# Sites of other origins whose scripts may call the API and read its answers. They send a bearer
# token; we accept no cookies from them. We do not install the library as an app, since that would
# only add its checks; `orderchainer.operations.checks` has stricter ones.
CORS_ALLOWED_ORIGINS = env.words("CORS_ALLOWED_ORIGINS")
CORS_ALLOW_CREDENTIALS = False
CORS_URLS_REGEX = r"/(?:auth/api|api|media|openapi\.json)(?:/|$)"
CORS_ALLOW_METHODS = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
# The headers that the API reads, and those that common HTTP libraries add by themselves.
CORS_ALLOW_HEADERS = [
    "accept",
    "authorization",
    "cache-control",
    "content-type",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "pragma",
    "x-request-id",
    "x-requested-with",
]
# The headers that the API sends. Scripts can read a few plain headers without this.
CORS_EXPOSE_HEADERS = [
    "Allow",
    "Content-Disposition",
    "ETag",
    "Idempotent-Replayed",
    "Link",
    "Location",
    "Retry-After",
    "WWW-Authenticate",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "X-Request-ID",
    "X-Total-Count",
]

# --- Webhooks of providers --------------------------------------------------------------------

# After how many days we delete what providers posted to us.
INBOUND_RETENTION_DAYS = env.number(
    "INBOUND_RETENTION_DAYS", default=30, least=1, most=MAX_RETENTION_DAYS
)

# --- Messages to customers --------------------------------------------------------------------

# More words like STOP and /stop, and like START and /start. A customer who writes nothing but one
# of them gets no more messages from rules, or gets them again.
MESSAGES_STOP_WORDS = env.words("MESSAGES_STOP_WORDS")
MESSAGES_START_WORDS = env.words("MESSAGES_START_WORDS")
# How many e-mails the rules of one project may send in a day.
CUSTOMER_EMAILS_PER_DAY = env.number("CUSTOMER_EMAILS_PER_DAY", default=1000, least=0, most=10**9)

# --- Discord ---------------------------------------------------------------------------------

DISCORD_WEBHOOK_TIMEOUT = env.seconds(
    "DISCORD_WEBHOOK_TIMEOUT", default=5, most=MAX_TIMEOUT_SECONDS
)
# The only hosts that webhooks may use; empty means Discord's own hosts.
# `integrations.discord.hosts` reads the entries. Plain http is allowed only by an entry with a port
# or with the scheme http.
DISCORD_WEBHOOK_HOSTS = env.words(
    "DISCORD_WEBHOOK_HOSTS", default=[SANDBOX_HOST] if SANDBOX else []
)
# Replaces https://discord.com/api for webhooks at Discord's own hosts. Other hosts are called as
# given.
DISCORD_API_BASE = env.text("DISCORD_API_BASE").rstrip("/")

# --- Shopify ----------------------------------------------------------------------------------

# Replaces `https://{shop}`, where `{shop}` stands for the shop's domain: an emulator, a proxy.
SHOPIFY_API_BASE = env.text(
    "SHOPIFY_API_BASE", default=f"http://{SANDBOX_HOST}/shopify/{{shop}}" if SANDBOX else ""
).rstrip("/")
SHOPIFY_API_VERSION = env.text("SHOPIFY_API_VERSION", default="2026-10")
SHOPIFY_TIMEOUT = env.seconds("SHOPIFY_TIMEOUT", default=15, most=MAX_TIMEOUT_SECONDS)

# --- WhatsApp ---------------------------------------------------------------------------------

# Replaces https://graph.facebook.com: an emulator, a proxy.
WHATSAPP_API_BASE = env.text(
    "WHATSAPP_API_BASE", default=f"http://{SANDBOX_HOST}/whatsapp" if SANDBOX else ""
).rstrip("/")
WHATSAPP_API_VERSION = env.text("WHATSAPP_API_VERSION", default="v26.0")
WHATSAPP_TIMEOUT = env.seconds("WHATSAPP_TIMEOUT", default=15, most=MAX_TIMEOUT_SECONDS)

# --- Telegram ---------------------------------------------------------------------------------

# Replaces https://api.telegram.org: an emulator, a proxy.
TELEGRAM_API_BASE = env.text(
    "TELEGRAM_API_BASE", default=f"http://{SANDBOX_HOST}/telegram" if SANDBOX else ""
).rstrip("/")
TELEGRAM_TIMEOUT = env.seconds("TELEGRAM_TIMEOUT", default=15, most=MAX_TIMEOUT_SECONDS)

# --- Assistant --------------------------------------------------------------------------------

# Whose models answer: `gemini`, or `openai` for any service that speaks OpenAI's protocol.
ASSISTANT_PROVIDER = env.text("ASSISTANT_PROVIDER", default="gemini")
# The model for questions and replies, and a cheaper one that judges the mood of messages.
ASSISTANT_MODEL = env.text("ASSISTANT_MODEL", default="gemini-3.8-flash")
ASSISTANT_SENTIMENT_MODEL = env.text("ASSISTANT_SENTIMENT_MODEL", default="gemini-3.5-flash-lite")
# How many tokens one answer may take in all, including everything that the model reads for it.
ASSISTANT_MAX_TOKENS = env.number(
    "ASSISTANT_MAX_TOKENS", default=60_000, least=10_000, most=10_000_000
)
# How many seconds one answer may take, with all calls of the model and of tools.
ASSISTANT_TIMEOUT = env.seconds("ASSISTANT_TIMEOUT", default=30, most=120)
# How many answers one process works on at a time. Each holds a thread while the model thinks.
ASSISTANT_CONCURRENCY = env.number("ASSISTANT_CONCURRENCY", default=2, least=1, most=100)
# After how many days we delete questions and answers, in projects that keep them at all.
ASSISTANT_TEXTS_RETENTION_DAYS = env.number(
    "ASSISTANT_TEXTS_RETENTION_DAYS", default=30, least=1, most=3650
)

GEMINI_API_KEY = env.text("GEMINI_API_KEY")
# With a key of your own, the assistant asks Google even if a sandbox runs.
_PLAYS_GEMINI = SANDBOX and not GEMINI_API_KEY
if _PLAYS_GEMINI:
    GEMINI_API_KEY = "pretend-gemini-key"
# Replaces https://generativelanguage.googleapis.com: an emulator, a proxy.
GEMINI_API_BASE = env.text(
    "GEMINI_API_BASE", default=f"http://{SANDBOX_HOST}/gemini" if _PLAYS_GEMINI else ""
).rstrip("/")
# A service that speaks OpenAI's protocol, such as a model on your own machine. Its base ends with
# the part before `/chat/completions`, such as `http://127.0.0.1:11434/v1`.
OPENAI_API_KEY = env.text("OPENAI_API_KEY")
OPENAI_API_BASE = env.text("OPENAI_API_BASE").rstrip("/")

# --- What is wrong ----------------------------------------------------------------------------

# These are read by others: docker-compose.yml, gunicorn, and libraries that look for a proxy.
env.leave("POSTGRES_PASSWORD", "COMPOSE_*", "WEB_CONCURRENCY", "GUNICORN_CMD_ARGS", "*_PROXY", "TZ")
env.refuse_problems()
# Names in `.env` that nobody reads, each with its place.
UNKNOWN_NAMES = env.unknown_names()
