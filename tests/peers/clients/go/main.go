// SPDX-License-Identifier: GPL-3.0-or-later

// What every peer function does: the event says what, and all five answer alike.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type event struct {
	Do     string `json:"do"`
	Size   int    `json:"size"`
	Chunks []any  `json:"chunks"`
	Gate   string `json:"gate"`
}

type PeerError struct{ text string }

func (e *PeerError) Error() string { return e.text }

func tell(ctx context.Context) map[string]any {
	told, _ := lambdacontext.FromContext(ctx)
	deadline, _ := ctx.Deadline()
	var custom any
	if told.ClientContext.Custom != nil {
		custom = told.ClientContext.Custom
	}
	return map[string]any{"id": told.AwsRequestID, "arn": told.InvokedFunctionArn,
		"memory": lambdacontext.MemoryLimitInMB, "left_ms": time.Until(deadline).Milliseconds(),
		"trace": os.Getenv("_X_AMZN_TRACE_ID"), "custom": custom}
}

// Streams the chunks one by one. With a gate, a named pipe: reads it after the first chunk, so that a caller can
// show that it had the first before the second was made.
func stream(e event) io.Reader {
	reader, writer := io.Pipe()
	go func() {
		for i, chunk := range e.Chunks {
			if i == 1 && e.Gate != "" {
				_, _ = os.ReadFile(e.Gate)
			}
			if size, ok := chunk.(float64); ok {
				chunk = strings.Repeat("x", int(size))
			}
			_, _ = io.WriteString(writer, chunk.(string))
		}
		switch e.Do {
		case "fail late":
			_ = writer.CloseWithError(&PeerError{"asked to fail late"})
		case "exit late":
			os.Exit(7)
		}
		_ = writer.Close()
	}()
	return reader
}

func handle(ctx context.Context, raw json.RawMessage) (any, error) {
	var e event
	if err := json.Unmarshal(raw, &e); err != nil {
		return nil, err
	}
	fmt.Println("peer handles", e.Do)
	switch {
	case e.Do == "echo":
		return raw, nil
	case e.Do == "tell":
		return tell(ctx), nil
	case e.Do == "exit":
		os.Exit(7)
	case e.Do == "big":
		return strings.Repeat("x", e.Size-2), nil // and two quotes
	case e.Do == "panic":
		panic(&PeerError{"asked to panic"})
	case e.Chunks != nil:
		return stream(e), nil
	}
	return nil, &PeerError{"asked to fail"}
}

func main() { lambda.Start(handle) }
