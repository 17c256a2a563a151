"""What the pages say about the activity of accounts and projects."""

from dataclasses import dataclass, replace

from accounts.events import ActivityType
from accounts.models import Activity


@dataclass(frozen=True)
class Words:
    """A sentence, and the symbol and colour beside it."""

    text: str
    icon: str = "shield"
    hue: str = "grey"


_WORDS: dict[str, Words] = {
    ActivityType.USER_REGISTERED: Words("Your account was created", "circle-user", "green"),
    ActivityType.LOGIN_SUCCEEDED: Words("You signed in", "circle-check", "green"),
    ActivityType.LOGIN_FAILED: Words("Somebody failed to sign in", "triangle-alert", "amber"),
    ActivityType.SESSION_ENDED: Words("A session ended", "log-out"),
    ActivityType.REFRESH_TOKEN_REUSED: Words(
        "A token was used twice, so its session was ended", "octagon-alert", "red"
    ),
    ActivityType.API_TOKEN_CREATED: Words("An API token was created", "key-round"),
    ActivityType.API_TOKEN_REVOKED: Words("An API token was revoked", "key-round"),
    ActivityType.PASSWORD_CHANGED: Words("The password was changed", "lock", "amber"),
    ActivityType.PASSWORD_RESET_REQUESTED: Words("Somebody asked for a new password", "lock"),
    ActivityType.PASSWORD_RESET_FAILED: Words(
        "A code for a new password was wrong", "triangle-alert", "amber"
    ),
    ActivityType.EMAIL_CHANGED: Words("The e-mail address was changed", "circle-user", "amber"),
    ActivityType.EMAIL_VERIFIED: Words("The e-mail address was confirmed", "circle-check", "green"),
    ActivityType.USER_ACTIVATED: Words("The account was activated", "circle-user"),
    ActivityType.USER_DEACTIVATED: Words("The account was deactivated", "circle-user", "red"),
    ActivityType.PRIVILEGES_CHANGED: Words("The account's permissions changed", "shield", "amber"),
    ActivityType.PROJECT_CREATED: Words("A project was created", "package"),
    ActivityType.PROJECT_CHANGED: Words("A project was changed", "package"),
    ActivityType.PROJECT_DELETED: Words("A project was deleted", "package", "red"),
    ActivityType.MEMBER_INVITED: Words("Somebody was invited to a project", "circle-user"),
    ActivityType.INVITATION_REVOKED: Words("An invitation was revoked", "circle-user"),
    ActivityType.MEMBER_JOINED: Words("You joined a project", "circle-user", "green"),
    ActivityType.MEMBER_ROLE_CHANGED: Words("Your role in a project changed", "circle-user"),
    ActivityType.MEMBER_REMOVED: Words("You left a project", "circle-user"),
}


def words_of(activity: Activity) -> Words:
    """Return the words for an activity."""
    return _WORDS.get(activity.type) or Words(ActivityType(activity.type).label)


# What the programs of people write about themselves, the most telling first.
_BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
MAX_PROGRAM_LENGTH = 60


def program_of(user_agent: str) -> str:
    """Say in a few words which program sent this header: `Firefox on Linux`."""
    browser = next((name for sign, name in _BROWSERS if sign in user_agent), None)
    if browser is None:
        return user_agent[:MAX_PROGRAM_LENGTH] or "Unknown"
    system = next((name for sign, name in _SYSTEMS if sign in user_agent), None)
    return f"{browser} on {system}" if system else browser


# What the names of a project's fields are on pages.
_FIELDS = {
    "name": "name",
    "description": "description",
    "timezone": "time zone",
    "currency": "currency",
    "settings": "settings",
    "is_active": "state",
    "is_storefront": "connection with the storefront",
}


def project_words_of(activity: Activity, *, actor: str, member: str) -> Words:
    """Return the words for an activity in a project: who did what, and to whom.

    `member` is the person whom it is about, an empty text if it is about nobody.
    """
    known = _WORDS.get(activity.type) or Words(ActivityType(activity.type).label)
    return replace(known, text=_sentence(activity, actor, member))


def _sentence(activity: Activity, actor: str, member: str) -> str:
    data = activity.data
    role = data.get("role", "")
    is_own = activity.actor_id == activity.user_id
    match activity.type:
        case ActivityType.PROJECT_CREATED:
            return f"{actor} created the project"
        case ActivityType.PROJECT_CHANGED:
            names = [_FIELDS.get(name, name) for name in data.get("fields", ())]
            return f"{actor} changed the {_listed(names) or 'project'}"
        case ActivityType.PROJECT_DELETED:
            return f"{actor} deleted the project"
        case ActivityType.MEMBER_INVITED:
            return f"{actor} invited somebody as {role}"
        case ActivityType.INVITATION_REVOKED:
            return f"{actor} revoked an invitation to join as {role}"
        case ActivityType.MEMBER_JOINED if is_own:
            return f"{actor} joined as {role}"
        case ActivityType.MEMBER_JOINED:
            return f"{actor} added {member} as {role}"
        case ActivityType.MEMBER_ROLE_CHANGED:
            whose = "their own role" if is_own else f"the role of {member}"
            return f"{actor} changed {whose} from {data.get('old_role')} to {data.get('new_role')}"
        case ActivityType.MEMBER_REMOVED if is_own:
            return f"{actor} left"
        case ActivityType.MEMBER_REMOVED:
            return f"{actor} removed {member}"
        case _:
            return ActivityType(activity.type).label


def _listed(words: list[str]) -> str:
    """Return `a, b and c`."""
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))
