docker run --name glx -d --gpus '"device=0"' --tmpfs /dev/shm:rw \
  -e TZ=UTC -e DISPLAY_SIZEW=1920 -e DISPLAY_SIZEH=1080 -e DISPLAY_REFRESH=60 -e DISPLAY_DPI=96 \
  -e DISPLAY_CDEPTH=24 -e VIDEO_PORT=DFP -e PASSWD_FILE=/run/secrets/account \
  -e SELKIES_ENCODER=nvh264enc -e SELKIES_VIDEO_BITRATE=8000 -e SELKIES_FRAMERATE=60 -e SELKIES_AUDIO_BITRATE=128000 \
  -e SELKIES_BASIC_AUTH_PASSWORD_FILE=/run/secrets/page \
  -e SELKIES_TURN_HOST=turn.example.com -e SELKIES_TURN_PORT=3478 -e SELKIES_TURN_USERNAME=user \
  -e SELKIES_TURN_PASSWORD_FILE=/run/secrets/turn -e SELKIES_TURN_PROTOCOL=tcp \
  -p 8080:8080 ghcr.io/selkies-project/nvidia-glx-desktop:latest
