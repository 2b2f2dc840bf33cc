# SPDX-License-Identifier: GPL-3.0-or-later
# Control plane, request checks and function folders of the embedded service: no sockets.
add_library(cp_local_control STATIC
    api_head.c
    api_response.c
    api_route.c
    api_verify.c
    base64.c
    code_hash.c
    code_link.c
    code_package.c
    caller_identity.c
    code_store.c
    code_unzip.c
    code_zip.c
    control.c
    control_alias.c
    control_attached.c
    control_body.c
    control_code.c
    control_concurrency.c
    control_create.c
    control_function.c
    control_policy.c
    control_settings.c
    control_source.c
    control_state.c
    control_tags.c
    control_update.c
    env_name.c
    folder_ini.c
    function_folder.c
    function_ref.c
    interpreter.c
    json_out.c
    rpc_failure.c
    uuid.c
    nearest.c)
target_link_libraries(cp_local_control
    PUBLIC cp_base
    PRIVATE cp_os cp_aws PkgConfig::CJSON PkgConfig::CRYPTO PkgConfig::ZIP)
