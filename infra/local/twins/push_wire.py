"""The words of Expo and FCM on the wire: what became of a message, as each of them says it.

docs.expo.dev/push-notifications/sending-notifications; firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode.
"""

import re
from typing import Any

from infra.local.twins.exchange import Reply

EXPO_TOKEN = re.compile(r"Expo(nent)?PushToken\[[^\[\]]+\]")
RPC, FCM = "type.googleapis.com/google.rpc.", "type.googleapis.com/google.firebase.fcm.v1.FcmError"

# Descriptions as they are worded; clients must go by code, and these let a test prove it.
EXPO_ERRORS = {
    "unregistered": ("DeviceNotRegistered", "The recipient device is not registered with FCM."),
    "mismatch": ("MismatchSenderId", "Please check the FCM credentials of the app."),
    "credentials": ("InvalidCredentials", "Could not find the push notification credentials of the app."),
    "too_often": ("MessageRateExceeded", "Too many messages to this device."),
    "too_big": ("MessageTooBig", "The total notification payload was too large."),
}
FCM_ERRORS = {  # state -> HTTP status, google.rpc's status, FCM's own code
    "unregistered": (404, "NOT_FOUND", "UNREGISTERED"),
    "mismatch": (403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH"),
    "credentials": (401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR"),
    "too_often": (429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED"),
    "invalid": (400, "INVALID_ARGUMENT", "INVALID_ARGUMENT"),
    "too_big": (400, "INVALID_ARGUMENT", "INVALID_ARGUMENT"),
}


def expo_error(state: str) -> dict[str, Any]:
    """A ticket or a receipt that says so."""
    code, words = EXPO_ERRORS[state]
    return {"status": "error", "message": words, "details": {"error": code}}


def expo_refusal(status: int, code: str, outcome: str) -> Reply:
    """An answer without tickets: the whole request was refused."""
    return Reply(status, {"errors": [{"code": code, "message": code.replace("_", " ").lower()}]}, outcome)


def fcm_error(state: str, field: str | None = None) -> Reply:
    """An error of FCM's own; `field` is the part of the message that it objects to."""
    status, rpc, code = FCM_ERRORS[state]
    details: list[dict[str, Any]] = [{"@type": FCM, "errorCode": code}]
    if field:
        violation = {"field": field, "description": "Invalid registration"}
        details.append({"@type": f"{RPC}BadRequest", "fieldViolations": [violation]})
    return fcm_refusal(status, rpc, state, details)


def fcm_refusal(status: int, rpc: str, outcome: str, details: list[dict[str, Any]] | None = None) -> Reply:
    body = {"error": {"code": status, "message": "Request was refused.", "status": rpc, "details": details or []}}
    return Reply(status, body, outcome)
