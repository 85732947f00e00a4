"""Keys of the local stack for its twins, known to everyone by intention."""

TELEGRAM_TOKEN = "110201543:AAH-local-twin-token"  # noqa: S105
RESEND_KEY = "re_local_twin_key"
CLAUDE_KEY = "sk-ant-local-twin-key"
STRIPE_KEY = "sk_test_local_twin_key"
EXPO_KEY = "expo-local-twin-key"
FCM_PROJECT = "nightshift-local"
