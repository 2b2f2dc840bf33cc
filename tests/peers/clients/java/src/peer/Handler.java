// SPDX-License-Identifier: GPL-3.0-or-later
package peer;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.util.LinkedHashMap;
import java.util.Map;

/** What every peer function does: the event says what, and all five answer alike. */
public class Handler implements RequestHandler<Map<String, Object>, Object> {
    public static class PeerError extends RuntimeException {
        PeerError(String message) {
            super(message);
        }
    }

    @Override
    public Object handleRequest(Map<String, Object> event, Context context) {
        System.out.println("peer handles " + event.get("do"));
        switch ((String) event.get("do")) {
            case "echo":
                return event;
            case "tell":
                return tell(context);
            case "exit":
                Runtime.getRuntime().halt(7);
                return null;
            case "big":
                return "x".repeat(((Number) event.get("size")).intValue() - 2); // and two quotes
            default:
                throw new PeerError("asked to fail");
        }
    }

    private static Map<String, Object> tell(Context context) {
        Map<String, Object> told = new LinkedHashMap<>();
        told.put("id", context.getAwsRequestId());
        told.put("arn", context.getInvokedFunctionArn());
        told.put("memory", context.getMemoryLimitInMB());
        told.put("left_ms", context.getRemainingTimeInMillis());
        told.put("trace", System.getProperty("com.amazonaws.xray.traceHeader"));
        told.put("custom", context.getClientContext() == null ? null : context.getClientContext().getCustom());
        return told;
    }
}
