# SPDX-License-Identifier: GPL-3.0-or-later
# CloudWatch's APIs over what the embedded service keeps: no sockets.
add_library(cp_local_logs STATIC
    log_merge.c
    log_store.c
    logs_api.c
    logs_describe.c
    logs_filter.c
    logs_get.c
    logs_pattern.c
    logs_put.c
    logs_query.c
    logs_selector.c
    query_aggregate.c
    query_command.c
    query_evaluate.c
    query_expression.c
    query_field.c
    query_function.c
    query_read.c
    query_run.c
    query_value.c
    metric_statistic.c
    metric_store.c
    metrics_api.c
    rate_limit.c)
target_link_libraries(cp_local_logs
    PUBLIC cp_base cp_model cp_local_control
    PRIVATE cp_os PkgConfig::CJSON)
