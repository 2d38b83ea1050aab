"""The workspace (워크스페이스): one company or tenant; nothing crosses its border."""
