# The worker as an image. Build it with `node scripts/bootstrap.mjs worker-image`, which also finds a base where no
# registry answers, or with `docker build --tag hermes-ops-worker .`
ARG NODE_BASE=node:24-slim

FROM ${NODE_BASE} AS packages
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
COPY deploy/authorities authorities
RUN if [ -s authorities/extra.pem ]; then export NODE_EXTRA_CA_CERTS=/build/authorities/extra.pem; fi \
 && npm ci --ignore-scripts

FROM packages AS runtime-packages
# The SDK carries its native part for five platforms, 30 MB each.
RUN npm prune --omit=dev --ignore-scripts \
 && find node_modules/@temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 \
      ! -name "$(node --print 'process.arch === "arm64" ? "aarch64" : "x86_64"')-unknown-linux-gnu" \
      -exec rm -r {} +

FROM packages AS program
COPY tsconfig.json tsconfig.build.json ./
# Only what compiles and bundles: other scripts change more often than this image should.
COPY scripts/bootstrap.mjs scripts/build.ts scripts/build-workflows.ts scripts/project.ts scripts/show.ts scripts/
COPY src src
RUN node scripts/bootstrap.mjs build \
 && chmod 0755 dist/src/cli/main.js

FROM ${NODE_BASE}
# A number that no user of the host has: the backups' directory on the host must belong to it.
RUN groupadd --gid 10001 hermes-ops \
 && useradd --uid 10001 --gid 10001 --home-dir /var/lib/hermes-ops --no-create-home \
      --shell /usr/sbin/nologin hermes-ops \
 && install -d -o 10001 -g 10001 -m 0700 /var/lib/hermes-ops \
 && ln -s /opt/hermes-ops/dist/src/cli/main.js /usr/local/bin/hermes-ops
WORKDIR /opt/hermes-ops
COPY LICENSE package.json ./
COPY --from=runtime-packages /build/node_modules node_modules
COPY --from=program /build/dist/workflow-bundle.js dist/workflow-bundle.js
COPY --from=program /build/dist/src dist/src

ENV NODE_ENV=production \
    HERMES_STACK_FILE=/etc/hermes-ops/hermes.yaml \
    HERMES_STATE_DIR=/var/lib/hermes-ops \
    METRICS_ADDRESS=0.0.0.0:9464
VOLUME /var/lib/hermes-ops
EXPOSE 9464
USER 10001:10001
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "/opt/hermes-ops/dist/src/worker/health-check.js"]
ENTRYPOINT ["hermes-ops"]
CMD ["worker"]
