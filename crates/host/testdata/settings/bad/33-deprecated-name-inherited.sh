# expect: deprecated-name 2:18
docker run -d -e WEBRTC_ENCODER cosmos
