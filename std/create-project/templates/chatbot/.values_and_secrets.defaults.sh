#!/bin/sh
# Sets what `pt run stack-llm` needs. The defaults are for Ollama on this machine; change them for another service.
set -e
cd "$(dirname "$0")"
pt=${PT:-pt}

"$pt" values set llm_base_url http://host.docker.internal:11434/v1
"$pt" values set llm_model llama3.2
"$pt" secrets set llm_api_key unused
