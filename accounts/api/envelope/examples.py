"""Requests and answers as the documentation shows them: the envelope document's own, where it has one."""

from typing import Any

Example = dict[str, Any]

CREDENTIALS: Example = {"email": "user@example.com", "password": "password123"}
EMAIL: Example = {"email": "user@example.com"}
CODE: Example = {"email": "user@example.com", "code": "123456"}
NEW_PASSWORD: Example = {**CODE, "newPassword": "newpassword123"}
CONFIRMATION: Example = {"uuid": "8d3c4f0e-6a51-4b7e-9a51-1f6f2f7f8b11"}
CHANGES: Example = {"email": "newemail@example.com", "password": "newpassword123"}

USER: Example = {
    "userId": "5cd1ceba-69c7-4f49-9c83-bd342a17e66a",
    "email": "user@example.com",
    "createdAt": "2025-11-07T13:18:43.934Z",
    "updatedAt": "2025-11-07T13:18:43.934Z",
}
SIGNED_IN: Example = {
    "success": True,
    "data": {
        **USER,
        "accessToken": "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9...",
        "refreshToken": "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9...",
        "tokenType": "bearer",
        "expiresIn": 900,
    },
    "message": "Login successful",
}
GOT: Example = {"success": True, "data": USER}
UPDATED: Example = {
    "success": True,
    "data": {
        **USER,
        "email": "newemail@example.com",
        "updatedAt": "2025-11-07T13:25:15.716Z",
    },
    "message": "User updated successfully",
}


def sent(message: str) -> Example:
    """Return the answer to a request for an e-mail."""
    return {
        "success": True,
        "message": message,
        "data": {"expiresAt": "2025-11-07T13:33:21.568Z"},
    }


def done(message: str, data: Example | None = None) -> Example:
    """Return word of what was done."""
    body: Example = {"success": True, "message": message}
    return {**body, "data": data} if data else body
