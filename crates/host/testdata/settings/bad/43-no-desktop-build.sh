# expect: no-desktop 1:1 --kind docker
docker build .
