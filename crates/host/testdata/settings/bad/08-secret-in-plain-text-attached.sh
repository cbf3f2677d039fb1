# expect: secret-in-plain-text 2:38
docker run -d -eCOSMOS_VIEW_PASSWORD=look cosmos
