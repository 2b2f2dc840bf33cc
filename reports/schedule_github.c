/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/format.h"
#include "reports/schedule_text.h"

/* GitHub evaluates ${{ }} in a name, too; there is no way to write it. */
static void add_title(const struct cp_schedule *s, struct cp_buf *out)
{
    struct cp_buf text;
    cp_buf_init(&text, 1U << 16);
    cp_buf_adds(&text, "coldprof nightly: ");
    for (const char *c = s->target; *c; c++) {
        cp_buf_addc(&text, *c);
        if (c[0] == '$' && c[1] == '{')
            cp_buf_addc(&text, ' ');
    }
    cp_text_json(out, cp_buf_str(&text));
    cp_buf_fail_with(out, &text);
    cp_buf_clear(&text);
}

static void add_region(const struct cp_schedule *s, struct cp_buf *out)
{
    if (s->region)
        cp_text_json(out, s->region);
    else
        cp_buf_adds(out, "${{ vars.AWS_REGION }}");
}

static void add_region_note(const struct cp_schedule *s, struct cp_buf *out)
{
    if (!s->region)
        cp_buf_adds(out, "#   AWS_REGION           the Region of the function\n");
}

static void add_policy_command(const struct cp_schedule *s, struct cp_buf *out)
{
    cp_buf_adds(out, s->policy_command);
}

static const struct cp_schedule_place places[] = {
    {"title", add_title},
    {"region", add_region},
    {"policy_command", add_policy_command},
    {"region_note", add_region_note},
    {"night", cp_schedule_add_ci_night},
    {"store", cp_schedule_add_ci_store},
    {NULL, NULL},
};

static const struct cp_schedule_block workflow[] = {
    {"# [[name]].yml: `coldprof nightly` every night; put it into .github/workflows/ of the\n"
     "# default branch. Once, in the repository's settings, under variables of Actions:\n"
     "#   COLDPROF_REPOSITORY  OWNER/NAME of coldprof's source\n"
     "#   COLDPROF_REF         a commit of it: measurements of two nights need one coldprof\n"},
    {"#   COLDPROF_ROLE_ARN    a role of the AWS account that this repository may take on\n"
     "#                        (OIDC: no keys are stored), allowed what this prints, no more:\n"
     "#                        [[policy_command]]\n",
     CP_WHEN_FUNCTION},
    {"[[region_note]]", CP_WHEN_FUNCTION},
    {"#\n"
     "# Exit status: 0 nothing got worse; 3 a regression, 4 interrupted, else no measurement.\n"
     "# All but 0 end red and say which; steps.night.outputs.status has the number.\n"
     "# Two nights do not overlap: the concurrency group lets the later one wait. GitHub\n"
     "# starts scheduled runs late or leaves one out when it is busy, and stops them after 60\n"
     "# days without a commit to a public repository: a late night is a night, a missing one\n"
     "# a gap in the history.\n"
     "#\n"
     "# A change that was meant: start the workflow by hand with the reason, and the level of\n"
     "# the last nights is accepted before this one.\n"
     "#\n"
     "# History: a runner is new every night, so the nights before come from the cache and\n"
     "# go back into it under a key of this run (a cache entry never changes), also when the\n"
     "# night ends red. The cache needs no token and no permission; an artifact of an\n"
     "# earlier run takes that run's id and a token that may read actions. An entry is kept\n"
     "# for 7 days after it was last read, which a nightly run renews; the artifact of each\n"
     "# run is the copy to go back to:\n"
     "#   coldprof history import coldprof-history.ndjson\n"
     "# A cache that could not be reached looks like an empty one. A night with the warning\n"
     "# that there were none before it, and that was not the first, began a new history:\n"
     "# `gh cache delete` of its entry, and the next night goes on from the one before.\n"
     "#\n"
     "# Actions are pinned to a major version, the first that runs on Node.js 24: fixes\n"
     "# arrive by themselves. Where that trust is too much, pin the commit instead and let\n"
     "# Dependabot move it.\n"
     "name: [[title]]\n"
     "\n"
     "on:\n"
     "  schedule:\n"
     "    - cron: \"[[minute]] [[hour]] * * *\" # UTC; at the full hour everybody's jobs start\n"
     "  workflow_dispatch:\n"
     "    inputs:\n"
     "      accept:\n"
     "        description: a change that was meant; why the level of the last nights is accepted\n"
     "        type: string\n"
     "\n"
     "permissions:\n"
     "  contents: read\n"},
    {"  id-token: write # to take on the role\n", CP_WHEN_FUNCTION},
    {"\n"
     "concurrency:\n"
     "  group: [[name]]\n"
     "  cancel-in-progress: false\n"
     "\n"
     "jobs:\n"
     "  night:\n"
     "    runs-on: ubuntu-24.04\n"
     "    timeout-minutes: 90\n"
     "    defaults:\n"
     "      run:\n"
     "        shell: bash\n"
     "    steps:\n"},
    {"      - name: functions of this repository\n"
     "        uses: actions/checkout@v6\n"
     "        with:\n"
     "          persist-credentials: false\n",
     CP_WHEN_FOLDER},
    {"      - name: source of coldprof\n"
     "        uses: actions/checkout@v6\n"
     "        with:\n"
     "          repository: ${{ vars.COLDPROF_REPOSITORY }}\n"
     "          ref: ${{ vars.COLDPROF_REF }}\n"
     "          path: .coldprof\n"
     "          persist-credentials: false\n"
     "      - name: build coldprof\n"
     "        run: |\n"
     "          .coldprof/scripts/coldprof --version\n"
     "          mkdir -p \"$RUNNER_TEMP/bin\"\n"},
    {"          # as root: functions get their share of CPU and memory by cgroups\n"
     "          cat > \"$RUNNER_TEMP/bin/coldprof\" <<END\n"
     "          #!/bin/sh\n"
     "          exec sudo -E env \"PATH=\\$PATH\" \"$PWD/.coldprof/build/coldprof\" \"\\$@\"\n"
     "          END\n"
     "          chmod +x \"$RUNNER_TEMP/bin/coldprof\"\n",
     CP_WHEN_FOLDER},
    {"          ln -sf \"$PWD/.coldprof/build/coldprof\" \"$RUNNER_TEMP/bin/coldprof\"\n",
     CP_WHEN_FUNCTION},
    {"          echo \"$RUNNER_TEMP/bin\" >> \"$GITHUB_PATH\"\n"},
    {"      - name: take on the role that may measure\n"
     "        uses: aws-actions/configure-aws-credentials@v6\n"
     "        with:\n"
     "          role-to-assume: ${{ vars.COLDPROF_ROLE_ARN }}\n"
     "          aws-region: [[region]]\n",
     CP_WHEN_FUNCTION},
    {"      - name: fetch the nights before\n"
     "        uses: actions/cache/restore@v5\n"
     "        with:\n"
     "          path: coldprof-history.ndjson\n"
     "          key: [[name]].history.${{ github.run_id }}.${{ github.run_attempt }}\n"
     "          restore-keys: |\n"
     "            [[name]].history.\n"
     "      - name: read the nights before\n"
     "        id: history\n"
     "        run: |\n"
     "          if [ -s coldprof-history.ndjson ]; then\n"
     "            coldprof history import[[store]] coldprof-history.ndjson\n"
     "          else\n"
     "            echo '::warning title=coldprof::no nights before this one: is it the first?'\n"
     "          fi\n"
     "      - name: accept their level\n"
     "        if: inputs.accept != ''\n"
     "        env:\n"
     "          COLDPROF_ACCEPT: ${{ inputs.accept }}\n"
     "        run: |\n"
     "          coldprof history list[[store]] --format csv | sed '1d; s/,.*//' |\n"
     "            while read -r function; do\n"
     "              coldprof history accept[[store]] \"$function\" --note \"$COLDPROF_ACCEPT\"\n"
     "            done\n"
     "      - name: measure and judge\n"
     "        id: night\n"
     "        run: |\n"
     "          status=0\n"
     "          [[night]] || status=$?\n"
     "          echo \"status=$status\" >> \"$GITHUB_OUTPUT\"\n"
     "          case $status in\n"
     "            0) ;;\n"
     "            3) echo 'coldprof: REGRESSION (status 3)' ;;\n"
     "            4) echo '::warning title=coldprof::the night was interrupted (status 4)' ;;\n"
     "            *) echo \"::error title=coldprof::the night could not be measured (status "
     "$status)\" ;;\n"
     "          esac\n"
     "          exit \"$status\"\n"
     "      # Also after a red night; not when the nights before could not be read, which\n"
     "      # would be lost.\n"
     "      - name: write all nights\n"
     "        id: all\n"
     "        if: always() && steps.history.outcome == 'success'\n"
     "        run: |\n"
     "          coldprof history export[[store]] -o coldprof-history.ndjson\n"
     "      - name: keep all nights\n"
     "        if: always() && steps.all.outcome == 'success'\n"
     "        uses: actions/cache/save@v5\n"
     "        with:\n"
     "          path: coldprof-history.ndjson\n"
     "          key: [[name]].history.${{ github.run_id }}.${{ github.run_attempt }}\n"
     "      - name: keep a copy, and this night's results\n"
     "        if: always() && steps.all.outcome == 'success'\n"
     "        uses: actions/upload-artifact@v6\n"
     "        with:\n"
     "          name: [[name]]-${{ github.run_attempt }}\n"
     "          path: |\n"
     "            coldprof-history.ndjson\n"
     "            coldprof-junit.xml\n"
     "            coldprof-summary.md\n"
     "          retention-days: 90\n"},
};

void cp_schedule_add_workflow(const struct cp_schedule *schedule, struct cp_buf *out)
{
    cp_schedule_write(schedule, workflow, sizeof workflow / sizeof workflow[0], places, out);
}
