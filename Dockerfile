# syntax=docker/dockerfile:1
# filmpress with ffmpeg and the player inside. Build it with its version, which workers and publishers must share; run it where the film lies:
#   docker build --build-arg VERSION="$(git describe --tags --always --dirty)" -t filmpress .
#   docker run --rm -u "$(id -u):$(id -g)" -v "$PWD:/films" -v filmpress-kept:/kept filmpress publish film.mp4
# A container's 127.0.0.1 is its own, so to look at the films:
#   docker run --rm -v "$PWD:/films" -p 127.0.0.1:8080:8080 filmpress serve --addr 0.0.0.0:8080 --public

FROM node:20-bookworm-slim AS player
WORKDIR /player
COPY internal/watch/player/package.json internal/watch/player/package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY internal/watch/player/ ./
# build.mjs writes to ../dist
RUN mkdir -p /dist && npm run build

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
COPY internal/media/ffmpeg/aws-sdk-go/ internal/media/ffmpeg/aws-sdk-go/
RUN go mod download
COPY . .
COPY --from=player /dist/ internal/watch/dist/
ARG VERSION=0.0.0-dev
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w -X filmpress/internal/cli.version=$VERSION" -o /filmpress ./cmd/filmpress

FROM debian:12-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates ffmpeg \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 1000 filmpress \
 && mkdir /films /kept && chown filmpress:filmpress /films /kept && chmod 1777 /kept
COPY --from=build /filmpress /usr/local/bin/filmpress
USER filmpress
WORKDIR /films
# Finished steps, and a worker's cache, are kept between runs when this is a volume; whoever docker's -u names may write there. It is
# the default alone that is moved there: FILMPRESS_KEPT would win over a settings file, and be taken for a place that all machines reach.
ENV XDG_CACHE_HOME=/kept
VOLUME ["/films", "/kept"]
ENTRYPOINT ["filmpress"]
CMD ["--help"]
