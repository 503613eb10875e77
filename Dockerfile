# Both bases can be swapped; scripts/verify-image.sh does so where neither can be pulled.
ARG BUILD_IMAGE=docker.io/library/node:24-bookworm-slim
ARG RUNTIME_IMAGE=gcr.io/distroless/nodejs24-debian12:nonroot

FROM ${BUILD_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
# Without install scripts: the development dependency `node` would fetch a Node of its own.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY scripts/bundle.ts ./scripts/
COPY src ./src
RUN npm run bundle

FROM ${RUNTIME_IMAGE} AS runtime
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="wechat-token-proxy" \
  org.opencontainers.image.description="Reverse proxy that keeps WeChat access tokens out of your app" \
  org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"
WORKDIR /app
# Everything in a few files: no node_modules, and less to read at the start.
COPY --from=build /app/bundle ./dist
COPY package.json LICENSE ./
ENV NODE_ENV=production
# A number, so that `runAsNonRoot` can be checked without a look into /etc/passwd.
USER 65532:65532
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 \
  CMD ["/nodejs/bin/node", "/app/dist/cli.js", "healthcheck"]
# A young generation of more than 16 MiB costs memory and brings no speed.
ENTRYPOINT ["/nodejs/bin/node", "--max-semi-space-size=16", "/app/dist/cli.js"]
