#!/usr/bin/env bash
# Makes niivue.js anew from the npm registry: NiiVue and what it needs to show a volume.
# Left out is zarrita, which reads images from a network and brings WebAssembly along.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"

npm init --yes >/dev/null
npm install --silent --no-audit --no-fund @niivue/niivue@0.69.0 esbuild@0.28.2 \
    array-equal@1.0.2 fflate@0.8.3 gl-matrix@3.4.4 nifti-reader-js@0.8.0 @lukeed/uuid@2.0.1 \
    @ungap/structured-clone@1.4.0
echo 'export { Niivue, NVImage, SLICE_TYPE, SHOW_RENDER, MULTIPLANAR_TYPE } from "@niivue/niivue";' >entry.js
echo 'export {};' >none.js
node_modules/.bin/esbuild entry.js --bundle --minify --format=iife --global-name=niivue \
    --target=es2020 --alias:zarrita=./none.js --legal-comments=eof --outfile="$here/niivue.js"
