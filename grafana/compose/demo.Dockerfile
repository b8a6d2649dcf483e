# The demo of this repository. Its context is the root of it.
FROM node:24-slim
WORKDIR /app
COPY package.json package-lock.json tsconfig.json ./
COPY scripts scripts
RUN npm ci --include=dev --no-audit --no-fund
COPY src src
COPY examples examples
RUN node scripts/build.mjs && chown -R node:node /app
USER node
# Without npm in between, so that it hears of the end.
CMD ["node", "scripts/demo.mjs"]
