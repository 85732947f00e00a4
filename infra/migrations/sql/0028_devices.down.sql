drop function cleanup_inactive_devices, nightshift.delete_inactive_devices, nightshift.delete_invalid_devices,
    nightshift.rest_silent_devices, update_device_last_successful_send, mark_device_invalid;
drop table user_devices;
