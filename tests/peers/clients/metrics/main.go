// SPDX-License-Identifier: GPL-3.0-or-later

// Prints what Prometheus and node_exporter's textfile collector read in the metrics on standard input, as JSON:
// the values of each series by Prometheus' own OpenMetrics parser, the types and numbers of samples by the text
// parser that the collector uses, and what `promtool check metrics` would say (its linter).
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
)

type series struct {
	Labels map[string]string `json:"labels"`
	Value  string            `json:"value"`
	Timed  bool              `json:"timed"`
}

type family struct {
	Type    string `json:"type"`
	Samples int    `json:"samples"`
	Timed   bool   `json:"timed"`
}

func openMetrics(text []byte) ([]series, error) {
	parser := textparse.NewOpenMetricsParser(text, labels.NewSymbolTable())
	var all []series
	for {
		entry, err := parser.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		if entry != textparse.EntrySeries {
			continue
		}
		var found labels.Labels
		parser.Labels(&found)
		_, at, value := parser.Series()
		all = append(all, series{found.Map(), fmt.Sprint(value), at != nil})
	}
}

func textFormat(text []byte) (map[string]family, error) {
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	all := map[string]family{}
	for name, f := range families {
		timed := false
		for _, metric := range f.Metric {
			timed = timed || metric.TimestampMs != nil
		}
		all[name] = family{f.GetType().String(), len(f.Metric), timed}
	}
	return all, err
}

func main() {
	text, err := io.ReadAll(os.Stdin)
	if err == nil {
		err = show(text)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func show(text []byte) error {
	all, err := openMetrics(text)
	if err != nil {
		return fmt.Errorf("OpenMetrics: %w", err)
	}
	families, err := textFormat(text)
	if err != nil {
		return fmt.Errorf("text format: %w", err)
	}
	problems, err := promlint.New(bytes.NewReader(text)).Lint()
	if err != nil {
		return fmt.Errorf("lint: %w", err)
	}
	lint := []string{}
	for _, p := range problems {
		lint = append(lint, p.Metric+": "+p.Text)
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{"series": all, "families": families, "lint": lint})
}
